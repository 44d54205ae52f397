"""Falco's behaviour as data, and a runner that holds Tiercel to it: ``python -m tests.conformance DIR [--json]``."""
