"""Hostile names on a real terminal: every pane, tab and dialog of a recording in which everything bears one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.hostile_recording import write_recording, write_rules
from tests.helpers.hostile_walk import ESCAPED, Walk, begin, left, look_at_files, opened
from tests.helpers.terminal_bytes import copied, foreign


@pytest.fixture
def folder(at_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Home, state, tmux's socket, the recording and its rules."""
    monkeypatch.setenv("EDITOR", "sed -i s/priority:.*/priority:\\ DEBUG/")
    write_recording(at_home / "hostile.tiercel")
    write_rules(at_home / "hostile.yaml")
    return at_home


def test_every_pane_and_dialog_is_inert_and_stands(folder: Path) -> None:
    size = (80, 24)
    with opened(folder, size) as terminal:
        walk = Walk(terminal, size)
        begin(terminal)
        alerts(walk)
        one_alert(walk)
        containers(walk)
        processes(walk)
        events(walk)
        rules(walk)
        walk.view("6 Health", "events are being lost")
        walk.press("End", shows="Runtime")
        everywhere(walk)
        written = left(terminal)
    assert not list(foreign(written))
    assert len(copied(written)) == 4
    look_at_files(folder / "tiercel-incidents")


def test_beside_each_other_they_stand_too(folder: Path) -> None:
    size = (160, 50)
    with opened(folder, size) as terminal:
        walk = Walk(terminal, size)
        begin(terminal)
        walk.press("Down", shows="W Warning")
        walk.press("Enter", shows=("Overview", "Why"))
        walk.leave("Overview")
        for name, shows in (
            ("2 Containers", "C2 W1 N1"), ("3 Processes", "├─"), ("4 Events", "✗ lost"), ("5 Rules", "hostile.yaml"),
        ):  # fmt: skip
            walk.view(name, shows)
        written = left(terminal)
    assert not list(foreign(written))


# ── the walk ────────────────────────────────────────────────────────────────────────────────────────────────────────


def alerts(walk: Walk) -> None:
    """The list, its groups and its dialogs."""
    walk.press("Down", shows="W Warning")
    walk.press("x", shows="Too little is known")
    walk.press("Down", shows="C Critical")
    walk.press(*["Down"] * 3, shows="W Warning")
    walk.press("x", shows="hides 1 of 41")
    walk.leave("hides 1 of 41")
    walk.press("s", shows="False positive")
    walk.leave("False positive")
    walk.press("/", shows="words, or")
    walk.press(*"rule=", shows="⇥ Connected")
    walk.press("Tab", shows="rule=Connected")
    walk.press("C-s", shows="Saved filters")
    walk.leave("Saved filters")
    walk.leave("rule=")
    walk.press("m", "m", shows="2 marked")
    walk.press("M", gone="marked")


def one_alert(walk: Walk) -> None:
    """All tabs of the alert in which all hostile text is, and where its keys lead."""
    walk.press("Home", shows="N Notice")
    walk.press("Down", shows="W Warning")
    walk.press("Enter", shows=("Overview", ESCAPED))
    for key, there in (("r", "● on"), ("t", "C1 W1"), ("c", "C1")):
        walk.press(key, shows=(there, ESCAPED))
        walk.leave(there)
    for name, shows in (
        ("Why", "✓ Opened"), ("Ancestry", "host  systemd"), ("Timeline", "▶ +0.000"), ("Files & net", "network"),
        ("Container", ESCAPED), ("Rule", "● on"), ("JSON", '"output"'), ("Repeats", "Opened"),
    ):  # fmt: skip
        walk.tab(name, shows)
    walk.leave("Repeats")


def containers(walk: Walk) -> None:
    """The list, and all tabs of the container in which all hostile text is."""
    walk.view("2 Containers", "C2 W1 N1")
    walk.press(">", shows="by Name")
    walk.press("I", shows="▼ by Name")
    walk.press("/", shows="words")
    walk.press(*"292929", "Enter", shows="292929   esc clears")
    walk.press("Enter", shows=("1411", ESCAPED))
    for name, shows in (
        ("Alerts", "Connected"), ("Events", "procexit"), ("Changes", "Change  "),
        ("Logs", "A recording has no logs of containers"), ("Inspect", ESCAPED),
    ):  # fmt: skip
        walk.tab(name, shows)
    walk.leave("Inspect")
    walk.sees("esc clears")  # a word in passing may be over it
    walk.leave("esc clears")


def processes(walk: Walk) -> None:
    """The tree, and all tabs of a process."""
    walk.view("3 Processes", "├─")
    walk.press("End", shows="1411")
    walk.press("Enter", shows=("Process  Alerts", ESCAPED))
    walk.tab("Alerts", "Connected")
    walk.tab("Events", "procexit")
    walk.leave("procexit")


def events(walk: Walk) -> None:
    """The events, filtered by a word that is in hostile text."""
    walk.view("4 Events", "✗ lost")
    walk.press("/", shows="words")
    walk.press(*"evil.example", "Enter", shows="evil.example   esc")
    walk.leave("evil.example   esc")


def rules(walk: Walk) -> None:
    """The rules and their dialogs, and one that is edited."""
    walk.view("5 Rules", "Connected", "O several")
    walk.press("O", shows="Switch several")
    walk.leave("Switch several")
    walk.press("R", shows="Rules read again")
    walk.press("End", "E", shows="Changed: Connected")
    walk.leave("Changed: Connected")
    walk.press("Home", "Enter", shows="● on")
    walk.leave("● on")


def everywhere(walk: Walk) -> None:
    """Another time, help, the palette, and what is copied."""
    walk.view("1 Alerts", "Connected")
    walk.press("T", shows="▕")
    walk.press(",", shows="as of ")
    walk.press("@", shows="Go to a time")
    walk.press(*"9999-12-31 23:59", "Enter", gone="as of ")
    walk.press("T", gone="▕")
    walk.press("?", shows="─ Keys ─")
    walk.leave("─ Keys ─")
    walk.press("C-p", shows="Search")
    walk.leave("Search")
    for key, copy in (("y", "Copied: new"), ("Y", 'Copied: {"output"'), ("C-y", "Copied: docker logs")):
        walk.press(key, shows=copy)
    walk.press("M", shows="marked")
    walk.press("y", shows="Copied 164 rows")
    walk.press("M", gone="*●")
    for key, ending in (("j", "jsonl"), ("c", "csv"), ("m", "md")):
        walk.press("w", shows="Write to a file")
        walk.press(key, shows=f"-alerts.{ending}")
    walk.press("b", shows="summary.md")
    for grouping in ("by rule", "by container", "each alert by itself"):
        walk.press("o", shows=grouping)
