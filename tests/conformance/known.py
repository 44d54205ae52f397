"""Vectors that do not pass, each with its reason: the only ones that may fail."""

from __future__ import annotations

KNOWN: dict[str, str] = {}
"""Id → reason."""
