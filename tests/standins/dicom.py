"""DICOM files of a patient who does not exist, and whose identity must be found nowhere."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

# What identifies a person, after PS3.15, table E.1-1; no value is part of another word.
PLANTED = {
    "PatientID": "MRN-77319542",
    "PatientName": "Quillfeather^Wilhelmina^Zdenka",
    "PatientBirthName": "Oxenstjerna^Wilhelmina",
    "PatientBirthDate": "19470813",
    "PatientAddress": "17 Wychwood Crescent, Lower Uppington",
    "PatientTelephoneNumbers": "+44 1632 960983",
    "OtherPatientIDs": "NHS-4857773456",
    "AccessionNumber": "ACC-20190611-5531",
    "StudyID": "STUDY-99173",
    "StudyDate": "20190611",
    "InstitutionName": "Saint Swithbert Infirmary",
    "InstitutionalDepartmentName": "Thoracic Imaging Wing",
    "ReferringPhysicianName": "Featherstonehaugh^Algernon",
    "OperatorsName": "Bickerstaffe^Hyacinth",
    "StationName": "SWITHBERT-DX-3",
    "DeviceSerialNumber": "SN-8842-1190",
    "StudyDescription": "Chest of Quillfeather",
    "ImageComments": "Called the ward of Quillfeather",
}
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
TOLD = {
    "PatientSex": "F",
    "PatientAge": "071Y",
    "ViewPosition": "PA",
    "Modality": "DX",
    "Manufacturer": "Coldstart",
    "ManufacturerModelName": "Phantom 3",
    "PixelSpacing": [0.5, 0.25],
}


def write_dicom(path, pixels, *, transfer_syntax=ExplicitVRLittleEndian, **headers):
    """Write a DICOM file with a patient's full identity in its header.

    Parameters
    ----------
    path : str or pathlib.Path
        The file; its folder is made.
    pixels : numpy.ndarray
        (H, W), (H, W, 3), or with a first axis of frames; uint8, uint16 or int16.
    transfer_syntax : pydicom.uid.UID, default=ExplicitVRLittleEndian
        Little endian as it is, or compressed: RLE Lossless or JPEG 2000.
    **headers
        Elements by keyword, instead of those planted or made; None leaves one out.

    Returns
    -------
    tuple of str
        What must not be found anywhere: the identity as it stands in the file,
        parts of names one by one.
    """
    path = Path(path)
    colour = pixels.ndim > 2 and pixels.shape[-1] == 3
    bits = 8 * pixels.itemsize
    chosen = {
        **PLANTED,
        **TOLD,
        # The study follows from the patient, the rest from the file.
        "StudyInstanceUID": generate_uid(entropy_srcs=["study", str(headers.get("PatientID", PLANTED["PatientID"]))]),
        "SeriesInstanceUID": generate_uid(entropy_srcs=["series", path.name]),
        "SOPInstanceUID": generate_uid(entropy_srcs=["instance", path.name]),
        "SOPClassUID": DigitalXRayImageStorageForPresentation,
        "SpecificCharacterSet": "ISO_IR 192",
        "Rows": pixels.shape[-3 if colour else -2],
        "Columns": pixels.shape[-2 if colour else -1],
        "NumberOfFrames": len(pixels) if pixels.ndim > 2 + colour else None,
        "SamplesPerPixel": 3 if colour else 1,
        "PlanarConfiguration": 0 if colour else None,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        **headers,
    }
    chosen.setdefault("HighBit", chosen["BitsStored"] - 1)
    dataset = Dataset()
    for keyword, value in chosen.items():
        if value is not None:
            setattr(dataset, keyword, value)
    request = Dataset()
    request.RequestedProcedureID = f"{PLANTED['AccessionNumber']}-1"
    dataset.RequestAttributesSequence = [request]
    dataset.private_block(0x0011, "COLDSTART", create=True).add_new(1, "LO", PLANTED["InstitutionName"])
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = chosen["SOPClassUID"]
    dataset.file_meta.MediaStorageSOPInstanceUID = chosen["SOPInstanceUID"]
    dataset.PixelData = np.ascontiguousarray(pixels).tobytes()
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
    if transfer_syntax.is_compressed:
        dataset.compress(transfer_syntax, generate_instance_uid=False)
    else:
        dataset.file_meta.TransferSyntaxUID = transfer_syntax
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    whole = [str(chosen[keyword]) for keyword in (*PLANTED, *UIDS) if chosen[keyword] is not None]
    return tuple(part for text in whole for part in text.split("^"))
