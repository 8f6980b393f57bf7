"""Tracking: every run of the chain, mirrored into MLflow once."""
