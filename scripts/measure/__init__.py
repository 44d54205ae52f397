"""The benchmark: figures that a reader can measure again, by ``scripts/bench``."""
