"""Embed every image with one encoder, or those of one shard."""

from scripting import snakemake

from coldstart.cohort.images import read_images
from coldstart.devices import lease, slots_folder, torch_device
from coldstart.embedding import ENCODERS
from coldstart.embedding.base import EncoderInputs
from coldstart.embedding.shards import batch_of, shard_rows
from coldstart.embedding.store import write_embedding
from coldstart.storage import read_table

encoder = snakemake.params.encoder
samples = read_table(snakemake.input.samples)
batch = batch_of(encoder["encoder"], encoder["parameters"])
rows = shard_rows(snakemake.wildcards.get("scatteritem", "1-of-1"), len(samples), batch)
samples = samples[rows]
inputs = EncoderInputs(
    images=read_images(snakemake.input.images)[rows] if snakemake.input.images else None,
    sample_ids=samples.sample_id.to_numpy(),
    image_names=samples.image.to_numpy(),
    pool=samples.split.isin(["train", "unlabelled"]).to_numpy(),
    name=encoder["encoder"].partition(":")[2] or None,
    colour=samples.colour.to_numpy(),
)
with lease(int(snakemake.resources.get("gpu", 0)), slots_folder()) as leased:
    embedding = ENCODERS.load(encoder["encoder"])(
        inputs, seed=snakemake.params.seed, device=torch_device(leased), **encoder["parameters"]
    )
write_embedding(snakemake.output[0], inputs.sample_ids, embedding)
