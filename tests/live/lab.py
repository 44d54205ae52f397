"""The laboratory under its short name."""

from tests.helpers.lab import Lab, LabError

__all__ = ["Lab", "LabError"]
