"""The laboratory of the live tests: a throw-away dockerd with images made on the spot."""

from tests.helpers.lab.docker import Lab, LabError

__all__ = ["Lab", "LabError"]
