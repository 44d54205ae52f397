"""``scripts/bench [--json] [--rules PATH]… [--only WORD]…``: measure, print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.errors import TiercelError
from scripts.measure import (
    captures,
    evaluation,
    judgement,
    kernel,
    pushing,
    reloading,
    screens,
    stalls,
    starting,
    watching,
)
from scripts.measure.figure import Figure, UnmeasurableError, as_json, table

SHIPPED = Path(__file__).resolve().parents[2] / "rules"
Folders = list[Path]

GROUPS: dict[str, Callable[[Folders], Iterable[Figure]]] = {
    "evaluate": evaluation.evaluation,
    "state": lambda _folders: judgement.state(),
    "stalls": stalls.stalls,
    "reload": reloading.reloading,
    "store": judgement.alerts,
    "captures": captures.captures,
    "screens": lambda _folders: screens.screens(),
    "decode": kernel.decode_and_judge,
    "start": lambda _folders: starting.starting(),
    "live": lambda _folders: watching.live(),
    "storm": watching.storms,
    "pushdown": pushing.shares,
    "flood": pushing.floods,
}
"""Name → figures taken together, in the order of the table."""


def measure(only: list[str], folders: Folders) -> list[Figure]:
    """Take the figures; a group that cannot be taken gives a row that says why."""
    figures: list[Figure] = []
    for name, group in GROUPS.items():
        if only and name not in only:
            continue
        print(f"· {name}", file=sys.stderr, flush=True)
        try:
            figures += group(folders)
        except (UnmeasurableError, TiercelError) as error:
            figures.append(Figure(name, None, note=f"not measured: {error}"))
    return figures


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure Tiercel on this machine.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rules", action="append", type=Path, default=[], help="more rules to evaluate; repeatable")
    parser.add_argument("--only", action="append", choices=GROUPS, default=[], help="only this group; repeatable")
    arguments = parser.parse_args()
    figures = measure(arguments.only, [SHIPPED, *arguments.rules])
    print(as_json(figures) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
