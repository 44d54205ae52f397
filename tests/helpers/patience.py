"""How long a test waits for what must come."""

PATIENCE = 60.0
"""Seconds. A wait ends as soon as what it waits for is so, thus a large bound costs nothing: it only has to be far
beyond what anything takes on a machine that is busy with something else."""
