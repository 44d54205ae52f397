"""``scripts/bench [--json] [--rules PATH]… [--only WORD]…``: measure, print; ``--compare COMMAND`` beside another."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from engine.errors import TiercelError
from scripts.measure import (
    breathing,
    bursting,
    captures,
    costs,
    counting,
    draining,
    evaluation,
    flooding,
    gauging,
    judgement,
    kernel,
    living,
    pushing,
    reloading,
    screens,
    stalls,
    starting,
    toggling,
)
from scripts.measure.comparing import Other, compare, compared_json, compared_table
from scripts.measure.figure import Figure, UnmeasurableError, as_json, lines

SHIPPED = Path(__file__).resolve().parents[2] / "rules"
Folders = list[Path]
Group = Callable[[Folders], Iterable[Figure]]

GROUPS: dict[str, Group] = {
    "evaluate": evaluation.evaluation,
    "state": lambda _folders: judgement.state(),
    "stalls": stalls.stalls,
    "breath": breathing.breathing,
    "reload": reloading.reloading,
    "store": judgement.alerts,
    "captures": captures.captures,
    "figures": lambda _folders: gauging.gauging(),
    "screens": lambda _folders: screens.screens(),
    "decode": kernel.decode_and_judge,
    "start": living.starts,
    "load": lambda _folders: starting.coming_and_going(),
    "live": living.live,
    "storm": costs.storms,
    "unasked": costs.unasked,
    "pushdown": pushing.shares,
    "flood": flooding.floods,
    "loss": flooding.losses,
    "counters": lambda _folders: counting.counters(),
    "late": flooding.latency,
    "ring": draining.drains,
    "rate": draining.rates,
    "burst": bursting.bursts,
    "toggle": toggling.toggles,
}
"""Name → figures taken together, in the order of the table."""


def measure(only: list[str], folders: Folders, groups: Mapping[str, Group] = GROUPS) -> Iterator[Figure]:
    """Take the figures; a group that cannot be taken gives a row that says why."""
    for name, group in groups.items():
        if only and name not in only:
            continue
        print(f"· {name}", file=sys.stderr, flush=True)
        try:
            yield from group(folders)
        except (UnmeasurableError, TiercelError) as error:
            yield Figure(name, None, note=f"not measured: {error}")


def arguments_of(words: list[str] | None = None) -> argparse.Namespace:
    """What the command line says; sys.argv's when it is not given."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure Tiercel on this machine.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rules", action="append", type=Path, default=[], help="more rules to evaluate; repeatable")
    parser.add_argument("--only", action="append", choices=GROUPS, default=[], help="only this group; repeatable")
    parser.add_argument("--size", action="append", choices=screens.SIZES, default=[], help="only screens of this size")
    parser.add_argument("--part", action="append", choices=screens.PARTS, default=[], help="only this part of screens")
    other = parser.add_argument_group("beside another detector")
    other.add_argument("--compare", metavar="COMMAND", help="run the storms with nothing, COMMAND and Tiercel in turn")
    other.add_argument(
        "--ready", type=float, default=5.0, metavar="SECONDS", help="time until COMMAND detects (%(default)s)"
    )
    other.add_argument("--ready-line", default="", metavar="REGEX", help="COMMAND detects when it has printed this")
    return parser.parse_args(words)


def main() -> None:
    """Read the arguments, measure, print."""
    arguments = arguments_of()
    for number in (signal.SIGTERM, signal.SIGHUP):  # whatever was started is ended on the way out
        signal.signal(number, lambda ended_by, _frame: sys.exit(128 + ended_by))
    folders = [SHIPPED, *arguments.rules]
    if arguments.compare:
        _compare(arguments, folders)
    else:
        groups = {**GROUPS, "screens": lambda _folders: screens.screens(arguments.size, arguments.part)}
        _print(measure(arguments.only, folders, groups), arguments.json)


def _print(figures: Iterator[Figure], json: bool) -> None:
    """As JSON when all are taken, or as a table that grows."""
    if json:
        print(as_json(figures))
        return
    for line in lines(figures):
        print(line, flush=True)


def _compare(arguments: argparse.Namespace, folders: Folders) -> None:
    other = Other(arguments.compare, arguments.ready, arguments.ready_line)
    try:
        results = compare(other, folders, lambda text: print(text, file=sys.stderr, flush=True))
    except UnmeasurableError as error:
        sys.exit(f"scripts/bench: {error}")
    print(compared_json(results) if arguments.json else compared_table(results))


if __name__ == "__main__":
    main()
