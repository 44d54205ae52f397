"""How much is tried by tests of made-up inputs: little by default and always the same, much by scripts/fuzz."""

from __future__ import annotations

import os
from collections.abc import Callable

from hypothesis import HealthCheck, settings

_EXAMPLES = int(os.environ.get("TIERCEL_FUZZ_EXAMPLES", "0"))
"""Set by scripts/fuzz."""

_Test = Callable[..., None]


def fuzz(examples: int) -> Callable[[_Test], _Test]:
    """How much is tried by default."""
    return settings(
        max_examples=_EXAMPLES or examples,
        derandomize=not _EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
