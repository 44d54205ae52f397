"""Filters in the rule language: on rows of any kind, and on alerts in memory and in the store."""
