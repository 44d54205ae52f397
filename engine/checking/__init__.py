"""Captures held against what is expected of them, for people and for CI."""
