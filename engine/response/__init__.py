"""Responses: what can be done about a container or a process tree, to whom nothing is done, and how it is done."""
