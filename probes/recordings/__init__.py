"""Recordings: written, read, and replayed as a source."""
