"""Hostile and messy input: every reader is given files that were valid before a seeded generator changed them."""
