"""Falco's captures in other forms: what they become gives the alerts that Falco gave, in every field."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from engine.events import KernelEvent
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from probes.recordings.capture import EVERYTHING, Capture
from probes.recordings.convert import convert
from probes.recordings.opened import opened
from probes.ruling.regression import Judgement, expectation, try_capture
from probes.scap.write_events import ROWS
from tests.helpers.scap import captures_if_there
from tests.helpers.sysdig import rewritten, sysdig
from tests.helpers.vectors import upstream_rules


@cache
def every_rule() -> RuleSet:
    """Falco's 93 rules."""
    return load(upstream_rules())


@pytest.mark.parametrize("ending", [".tiercel", ".scap.gz", ".jsonl"])
@pytest.mark.parametrize("capture", captures_if_there(), ids=lambda path: path.stem)
def test_the_alerts_are_those_that_falco_gave(capture: Path, ending: str, tmp_path: Path) -> None:
    other = tmp_path / f"{capture.stem}{ending}"
    convert(capture, str(other))
    if ending == ".jsonl":  # expected alerts stand beside captures and recordings
        convert(other, str(tmp_path / f"{capture.stem}.tiercel"))
        other = tmp_path / f"{capture.stem}.tiercel"
    shutil.copy(expectation(capture), expectation(other))
    outcome = try_capture(other, Judgement(every_rule(), first=True, variant="all"))
    assert (outcome.error, outcome.differences) == ("", [])
    assert outcome.alerts == len(json.loads(expectation(capture).read_text())["all"])


@pytest.mark.parametrize("way", [(".scap",), (".tiercel", ".scap"), (".jsonl.gz", ".scap")], ids="-".join)
@pytest.mark.parametrize("capture", captures_if_there()[::6], ids=lambda path: path.stem)
def test_events_that_no_rule_asks_for_are_kept_too(capture: Path, way: tuple[str, ...], tmp_path: Path) -> None:
    source = capture
    for ending in way:
        convert(source, str(tmp_path / f"other{ending}"))
        source = tmp_path / f"other{ending}"
    before, after = kinds_and_bytes(capture), kinds_and_bytes(source)
    assert after == before and len(before) > 20
    assert sysdig(source, "evt.type")


def kinds_and_bytes(path: Path) -> Counter[tuple[str, int | None, str]]:
    """The events that a capture can say again: their type, their result and what was read or written."""
    opening = opened(path)
    assert isinstance(opening, Capture)
    opening.select(EVERYTHING)
    return Counter(
        (one.type, one.res, str(one.args.get("data", "")))
        for batch in opening
        for one in batch.inputs
        if isinstance(one, KernelEvent) and one.type in ROWS and one.type not in (*_OF_STATE, "clone")
    )


_OF_STATE = ("chdir", "setsid")
"""Written, too, to say where a process is."""


NEWER = {
    "17-stdio-to-socket-container": ("dup", "dup2", "dup3"),
    "25-insmod-container": ("init_module", "finit_module"),
}
"""Captures whose alerts are about events that libs of 2022 do not know, and leave out when they write a file."""


@pytest.mark.parametrize("capture", captures_if_there(), ids=lambda path: path.stem)
def test_a_file_that_older_libs_have_written_gives_the_same_alerts(capture: Path, tmp_path: Path) -> None:
    convert(capture, str(tmp_path / "ours.scap"))
    older = rewritten(tmp_path / "ours.scap", tmp_path / capture.name)
    if capture.stem in NEWER:
        assert not {kind for kind, _, _ in kinds_and_bytes(older)} & {*NEWER[capture.stem]}
        return
    shutil.copy(expectation(capture), expectation(older))
    outcome = try_capture(older, Judgement(every_rule(), first=True, variant="all"))
    assert (outcome.error, outcome.differences) == ("", [])
