"""Bring the published weights that the configuration needs into their caches."""

from scripting import snakemake

from coldstart.embedding.fetch import fetch_weights

for wanted in snakemake.params.wanted:
    path = fetch_weights(wanted["encoder"], wanted["parameters"])
    print(f"{wanted['encoder']}: {path or 'nothing to fetch'}")
