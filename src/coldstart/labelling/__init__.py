"""Labelling a user's own pool: what the annotators give back, and what they are asked for next."""
