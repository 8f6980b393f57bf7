"""Which medical images to label first, and which next.

One room per word of the chain: `cohort`, `embedding`, `selection`, `learning`,
`query`, `evaluation`, `reporting`, `tracking`. Nothing in here knows Snakemake.
"""

__version__ = "0.1.0"
