"""A bundle of several alerts: each whole in a folder of its own, one summary, and nothing of them leaves its place."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.bundles import bundle
from engine.bundles.bundle import SUMS, Material
from engine.bundles.several import files, name_of, write
from tests.helpers.sample_alerts import DB, MOMENT, SECOND, alert

LATE = Material(alert=alert("Late", time=MOMENT + 9 * SECOND), made=MOMENT, missing={"logs": "no runtime"})
EARLY = Material(alert=alert("Early", container=DB), made=MOMENT, ancestry=["host", "└▶ cat"])


def test_each_has_its_folder_in_the_order_of_their_times() -> None:
    found = files([LATE, EARLY])
    assert [name for name in found if name.endswith("alert.json")] == [
        "01-early-db/alert.json",
        "02-late-web/alert.json",
    ]
    for folder, material in (("01-early-db", EARLY), ("02-late-web", LATE)):
        assert {name: found[f"{folder}/{name}"] for name in bundle.files(material)} == bundle.files(material)


def test_one_summary_tells_of_all() -> None:
    text = files([LATE, EARLY], ["Gone: that alert is no longer kept"])["summary.md"].decode()
    assert text.startswith("# 2 alerts\n")
    assert text.index("## `Early`") < text.index("## `Late`")
    for part in (
        "└▶ cat",
        "`01-early-db/summary.md`",
        "02-late-web: logs: no runtime",
        "Gone: that alert is no longer",
    ):
        assert part in text


def test_the_sums_are_those_of_all_files() -> None:
    found = files([LATE, EARLY])
    sums = dict(line.split("  ")[::-1] for line in found.pop(SUMS).decode().splitlines())
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}


def test_a_bundle_of_one_is_that_of_one(tmp_path: Path) -> None:
    assert write([LATE], tmp_path).name == bundle.name_of(LATE)
    assert write([LATE, EARLY], tmp_path).name == "20260101T000405Z-2-alerts"
    assert name_of([LATE, LATE]) == "20260101T000405Z-2-alerts-web"


def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = write([LATE, EARLY], tmp_path)
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]} == {0}


@given(st.lists(st.text(max_size=60), min_size=2, max_size=4))
def test_no_name_leaves_the_bundle_or_becomes_markup(rules: list[str]) -> None:
    found = files([Material(alert=alert(rule), made=MOMENT) for rule in rules])
    assert all(re.fullmatch(r"([a-z0-9-]+/)?[A-Za-z0-9.]+", name) for name in found)
    headings = [line for line in found["summary.md"].decode().split("\n") if line.startswith("## ")]
    assert [line for line in headings if not line.startswith("## `")] == []
