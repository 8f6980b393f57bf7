"""Small data sets in the layout of published ones that cannot be downloaded everywhere."""

from standins.chestx_det import write_chestx_det
from standins.chexmask import write_chexmask
from standins.dicom import write_dicom
from standins.montgomery import write_montgomery
from standins.synthstrip import write_synthstrip

__all__ = ["write_chestx_det", "write_chexmask", "write_dicom", "write_montgomery", "write_synthstrip"]
