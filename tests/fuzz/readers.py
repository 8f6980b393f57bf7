"""The readers of what users and other programs bring: a small valid example for each, and how it is read."""

from fuzz import answers, cohorts, networks, pictures
from fuzz.sandbox import Reader

# A refusal names the key of the configuration, a sample or a row of the table where the file itself is well-formed.
KEYS = ("dataset", "data set", "sample", "image")

# The secret behind the pseudonyms and the list of names, and what each is written as first.
POOL = ("data/.coldstart-salt", "data/..coldstart-salt")

READERS = [
    Reader("PNG", pictures.pngs, pictures.read, 64),
    Reader("JPEG", pictures.jpegs, pictures.read, 200),
    Reader("TIFF and BMP", pictures.tiffs, pictures.read, 64),
    Reader("mask file", pictures.masks, pictures.read_mask),
    Reader("DICOM", pictures.dicoms, pictures.read_dicom, 1200),
    Reader("NIfTI", cohorts.volumes, cohorts.read_volumes, 352, KEYS),
    Reader("NIfTI pairs", cohorts.pairs, cohorts.read_pairs, 352, (*KEYS, "p1", "p2")),
    Reader("SynthStrip", cohorts.synthstrip, cohorts.read_synthstrip, 352, (*KEYS, "ixi_t1_001")),
    Reader("table, CSV", cohorts.csv_table, cohorts.read_table, 0, KEYS),
    Reader("table, Parquet", cohorts.parquet_table, cohorts.read_table, 64, KEYS),
    Reader("ChestX-Det", cohorts.chestx_det, cohorts.read_chestx_det, 0, KEYS),
    Reader("CheXmask", cohorts.chexmask, cohorts.read_chexmask, 0, KEYS),
    Reader("Montgomery", cohorts.montgomery, cohorts.read_montgomery, 64, KEYS),
    Reader("pool", cohorts.pool, cohorts.read_pool, 400, KEYS, POOL),
    Reader("pool, table", cohorts.pool_table, cohorts.read_pool_table, 0, KEYS, POOL),
    Reader("zip archive", cohorts.archive, cohorts.unpack_archive, 60, (), ("data/out", "data/.out.unpacking")),
    Reader("answers, CSV", answers.labels, answers.read),
    Reader("answers, Label Studio", answers.exports, answers.read),
    Reader("answers, masks", answers.masks, answers.read, 64),
    Reader("answers, NIfTI", answers.volumes, answers.read, 352),
    Reader("worklist", answers.worklist, answers.read_list),
    Reader("embedding file", networks.embeddings, networks.read_embedding, 64),
    Reader("weights, safetensors", networks.safetensors_file, networks.read_weights, 200),
    Reader("weights, torch", networks.pickles, networks.read_weights, 200),
    Reader("weights, TorchXRayVision", networks.whole_networks, networks.read_whole_network, 2000),
    Reader("ONNX", networks.onnx, networks.read_onnx, 200),
    Reader("configuration", cohorts.configuration, cohorts.read_configuration, 0, ("",)),
]
