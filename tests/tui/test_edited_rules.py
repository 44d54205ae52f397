"""A rule that is being edited: what is said meanwhile, and that no text is lost when the sensor is."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from engine.protocol import Tried, TriedRow, TryRules
from tests.helpers.driving import Drive, driving
from tests.helpers.incident import incident
from tests.helpers.keys.checks import alerts_shown, view_shown
from tests.helpers.responses import respondable
from tui.app import TiercelApp
from tui.dialogs.trial import described


@pytest.fixture(autouse=True)
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who appends a line; there is no terminal that could be lent to them."""
    path = tmp_path / "editor"
    path.write_text('#!/bin/sh\necho "# mine" >> "$1"\n')
    path.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(path))
    monkeypatch.setattr(TiercelApp, "lend", lambda _app: nullcontext())


async def edited(drive: Drive) -> None:
    """Up to where the sensor is asked what it would do, and does not answer."""
    await view_shown(drive, "5", "Terminal shell in container")
    drive.sensor.hold(TryRules)
    await drive.press("E")
    await drive.until(lambda: any(isinstance(request, TryRules) for request in drive.sensor.asked))


@pytest.mark.parametrize(
    ("was_on", "is_on", "said"),
    [
        (True, True, ""),
        (False, False, "○ off as before: it has no hits until it is switched on"),
        (True, False, "○ off from now on: it has no hits until it is switched on"),
        (False, True, "○ was off until now: it had no hits"),
    ],
)
def test_of_a_rule_that_is_off_it_is_said_beside_its_hits(was_on: bool, is_on: bool, said: str) -> None:
    row = TriedRow("Mine", before=3, after=2, was_on=was_on, is_on=is_on)
    name, hits = described(Tried(summary="changes Mine", rows=[row])).plain.splitlines()[2:4]
    assert name == f"Mine  {said}".rstrip()
    assert "3 → 2 hits" in hits


async def test_that_it_is_checked_is_said() -> None:
    async with driving(incident()) as drive:
        await edited(drive)
        await drive.until_shown("◌ checking Terminal shell in container…")


async def test_what_was_edited_is_kept_when_the_sensor_goes_away(home: Path) -> None:
    async with driving(incident()) as drive:
        await edited(drive)
        drive.sensor.vanish()
        await drive.until_shown("what was edited is in ~/tiercel-incidents/", "-edited.yaml")
        (path,) = home.glob("tiercel-incidents/*-edited.yaml")
        assert path.read_text(encoding="utf-8").endswith("# mine\n")
        assert path.stat().st_mode & 0o777 == 0o600
        assert "checking" not in drive.text()


async def test_nothing_is_under_way_any_more_when_the_sensor_has_gone() -> None:
    async with driving(respondable()) as drive:
        await alerts_shown(drive)
        await drive.press("b")
        await drive.until_shown("✓ Written")
        drive.sensor.hold()
        await drive.press("b")
        await drive.until_shown("◌ gathering what is known of it…")
        drive.sensor.vanish()
        await drive.until_shown("The sensor is gone", "✗ unanswered: gathering what is known of it")
        assert "◌" not in drive.text()


def kept(home: Path) -> list[str]:
    """What was edited and is kept."""
    return [path.read_text(encoding="utf-8") for path in home.glob("tiercel-incidents/*-edited.yaml")]


async def test_a_rule_that_is_being_checked_is_not_begun_anew(home: Path) -> None:
    async with driving(incident()) as drive:
        await edited(drive)
        await drive.press("E")
        await drive.until_shown("Terminal shell in container is being edited already.")
        assert sum(isinstance(request, TryRules) for request in drive.sensor.asked) == 1
        drive.sensor.release()
        await drive.until_shown("esc drops it")


async def test_who_goes_back_while_it_is_checked_finds_it_in_a_file(home: Path) -> None:
    async with driving(incident()) as drive:
        await view_shown(drive, "5", "Terminal shell in container")
        await drive.press("enter")
        await drive.until(lambda: drive.frame.view == "rule")
        drive.sensor.hold(TryRules)
        await drive.press("E")
        await drive.until(lambda: any(isinstance(request, TryRules) for request in drive.sensor.asked))
        await drive.press("escape")
        await drive.until(lambda: kept(home))
        await drive.until_shown("What was edited is in")
    (text,) = kept(home)
    assert text.endswith("# mine\n")


async def test_who_quits_while_it_is_checked_finds_it_in_a_file(home: Path) -> None:
    async with driving(incident()) as drive:
        await edited(drive)
        await drive.press("q")
    (text,) = kept(home)
    assert text.endswith("# mine\n")


async def test_an_editor_that_fails_the_second_time_does_not_cost_the_first(home: Path, tmp_path: Path) -> None:
    async with driving(incident()) as drive:
        await view_shown(drive, "5", "Terminal shell in container")
        await drive.press("E")
        await drive.until_shown("esc drops it")
        (tmp_path / "editor").write_text("#!/bin/sh\nexit 1\n")
        await drive.press("e")
        await drive.until_shown("what was edited is in ~/tiercel-incidents/")
    (text,) = kept(home)
    assert text.endswith("# mine\n")
