"""Put the shards of an embedding together."""

from pathlib import Path

from scripting import snakemake

from coldstart.embedding.shards import gather
from coldstart.storage import read_table

sample_ids = read_table(snakemake.input.samples, ["sample_id"]).sample_id
gather(snakemake.output[0], list(map(Path, snakemake.input.shards)), sample_ids.to_numpy())
