"""Decide what has to change in a cluster, as values, and carry it out step by step."""
