"""Embed every image with one encoder."""

import numpy as np
from scripting import snakemake

from coldstart.devices import lease, torch_device
from coldstart.embedding import ENCODERS
from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.store import write_embedding
from coldstart.storage import read_table

encoder = snakemake.params.encoder
samples = read_table(snakemake.input.samples)
inputs = EncoderInputs(
    images=np.load(snakemake.input.images, mmap_mode="r") if snakemake.input.images else None,
    sample_ids=samples.sample_id.to_numpy(),
    image_names=samples.image.to_numpy(),
    pool=samples.split.isin(["train", "unlabelled"]).to_numpy(),
    name=encoder["encoder"].partition(":")[2] or None,
)
with lease(int(snakemake.resources.get("gpu", 0)), ".snakemake/gpu_slots") as leased:
    embedding = ENCODERS.load(encoder["encoder"])(
        inputs, seed=snakemake.params.seed, device=torch_device(leased), **encoder["parameters"]
    )
write_embedding(snakemake.output[0], inputs.sample_ids, embedding)
