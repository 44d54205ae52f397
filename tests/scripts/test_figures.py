"""How the benchmark prints what it took."""

from __future__ import annotations

import json

from scripts.measure.figure import Figure, as_json, percentile, table

TAKEN = Figure("open", 1.25, "µs", "≤ 2")
NOT_TAKEN = Figure("storm", None, note="not measured: no compiler")


def test_a_figure_that_could_not_be_taken_says_why() -> None:
    line = table([TAKEN, NOT_TAKEN]).splitlines()[-1]
    assert line.split()[:2] == ["storm", "–"]
    assert line.endswith("not measured: no compiler")


def test_json_has_everything() -> None:
    rows = json.loads(as_json([TAKEN, NOT_TAKEN]))
    assert (rows[0]["value"], rows[0]["unit"], rows[1]["value"]) == (1.25, "µs", None)


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (51.0, 100.0, 100.0)
