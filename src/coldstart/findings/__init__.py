"""The findings on real data: numbers of `docs/findings.md` out of the results of `config/findings`."""
