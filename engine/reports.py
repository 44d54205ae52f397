"""How parts of the sensor tell of trouble while they go on working."""

from __future__ import annotations

import logging
from collections.abc import Callable

from engine.scrub import scrub

Report = Callable[[str, str], None]
"""Takes what went wrong (or is well again), and what to do. The sensor shows it as a Problem in its health."""


def log_report(what: str, hint: str) -> None:
    """The report of a part that nobody gave another one: a line on stderr."""
    logging.getLogger("tiercel").warning("%s", scrub(f"{what} ({hint})" if hint else what))
