"""Read every file of a pool once; what a scan that was killed has read is not read again."""

import shutil
from pathlib import Path

from scripting import snakemake

from coldstart.cohort.scan import scan
from coldstart.storage import replacing, write_table

params, outputs = snakemake.params, snakemake.output
cache = Path(outputs.scan).parent / ".scan"
table, quality = scan(cache=cache / params.code, workers=snakemake.threads, **params.pool)
with replacing(outputs.quality) as temporary:
    quality.to_csv(temporary, index=False)
write_table(outputs.scan, table)
shutil.rmtree(cache)
