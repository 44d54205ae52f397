"""Falco's captures in other forms: what they become gives the alerts that Falco gave, in every field."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import pytest

from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from probes.recordings.convert import convert
from probes.ruling.regression import Judgement, expectation, try_capture
from tests.helpers.scap import captures_if_there
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
