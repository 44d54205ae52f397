"""``python -m tests.conformance DIR [--json] [--rules DIR]``: how far Tiercel does what Falco's vectors say."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.runner import FileResult, run_folder

_STATES = ("passed", "failed", "unsupported")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all vectors of a folder; 0 when none failed, 1 when one did, 2 when there are none."""
    options = _parser().parse_args(arguments)
    results = list(run_folder(options.folder, options.rules or options.folder.parent / "rules"))
    if not results:
        print(f"no vectors (*.json) in {options.folder}", file=sys.stderr)
        return 2
    print(json.dumps(_as_json(results), indent=1) if options.json else "\n".join(_as_text(results)))
    return 1 if any(result.failed() for result in results) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of the vectors")
    parser.add_argument("--json", action="store_true", help="each vector with its state and the reason")
    parser.add_argument("--rules", type=Path, metavar="DIR", help="Falco's own rule files; else rules/ beside DIR")
    return parser


def _as_text(results: Sequence[FileResult]) -> list[str]:
    """A line for each file, the totals, then each vector that did not pass."""
    width = max(len(result.name) for result in results)
    lines = [f"{result.name:<{width}}  {_counted(result.counts)}" for result in results]
    lines.append(f"{'total':<{width}}  {_counted(_total(results))}")
    return lines + [
        f"{verdict.state}: {result.name}: {verdict.id}: {verdict.reason}"
        for result in results
        for verdict in result.verdicts
        if verdict.state != "passed"
    ]


def _counted(counts: Counter[str]) -> str:
    return "  ".join(f"{state} {counts[state]:>5}" for state in _STATES)


def _total(results: Sequence[FileResult]) -> Counter[str]:
    return sum((result.counts for result in results), Counter[str]())


def _as_json(results: Sequence[FileResult]) -> dict[str, object]:
    return {
        "files": {result.name: {state: result.counts[state] for state in _STATES} for result in results},
        "total": {state: _total(results)[state] for state in _STATES},
        "vectors": [
            {"file": result.name, "id": verdict.id, "state": verdict.state, "reason": verdict.reason}
            for result in results
            for verdict in result.verdicts
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
