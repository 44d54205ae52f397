"""For each shipped rule events that fire it, and near misses; a module for each rule file."""

from tests.helpers.shipped import containers, files, network, privilege, processes

CASES = tuple(case for module in (containers, files, processes, network, privilege) for case in module.CASES)
"""In the order of the rule files."""
