"""Hostile names on a real terminal, on the way out: lists as files of each form, bundles, menus, plain commands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.helpers.hostile_names import HOSTILE
from tests.helpers.hostile_recording import write_recording, write_rules
from tests.helpers.hostile_walk import ESCAPED, Walk, begin, left, look_at_files, opened
from tests.helpers.lab.tmux import Tmux
from tests.helpers.terminal_bytes import foreign

SIZE = (160, 50)


@pytest.fixture
def folder(at_home: Path) -> Path:
    """Home, state, tmux's socket, the recording and its rules."""
    write_recording(at_home / "hostile.tiercel")
    write_rules(at_home / "hostile.yaml")
    return at_home


def test_every_list_is_inert_in_each_form(folder: Path) -> None:
    with opened(folder, SIZE) as terminal:
        walk = Walk(terminal, SIZE)
        begin(terminal)
        write(walk)
        of_an_alert(walk)
        of_a_group(walk)
        walk.view("2 Containers", "C2 W1 N1")
        write(walk)
        inside(walk)
        walk.view("3 Processes", "├─")
        write(walk)
        of_a_process(walk)
        for name, shows in (("4 Events", "✗ lost"), ("5 Rules", "hostile.yaml")):
            walk.view(name, shows)
            write(walk)
        written = left(terminal)
    assert not list(foreign(written))
    files = folder / "tiercel-incidents"
    look_at_files(files)
    names = {path.stem.split("-")[1] for path in files.glob("*.csv")}
    assert names >= {"alerts", "containers", "processes", "events", "rules", "timeline", "files", "repeats"}
    assert len(list(files.glob("*.csv"))) == len(list(files.glob("*.jsonl"))) == 15


def write(walk: Walk) -> None:
    """The list in front, in all forms."""
    for key, ending in (("j", "jsonl"), ("c", "csv"), ("m", "md")):
        walk.press("w", shows="Write to a file")
        walk.press(key, shows=f".{ending}")


def of_a_group(walk: Walk) -> None:
    """The alerts of one rule, and a bundle of some of them."""
    walk.press("o", shows="by rule")
    write(walk)
    walk.press("End", "Enter", shows=("alerts of ", ESCAPED))
    write(walk)
    walk.press("m", "m", shows="2 marked")
    walk.press("b", shows=".tar.zst")
    walk.leave("alerts of ")
    walk.press("o", "o", shows="each alert by itself")
    walk.press("o", gone="each alert by itself")


def of_an_alert(walk: Walk) -> None:
    """What happened around it, and those like it."""
    walk.press("Down", shows="W Warning")
    walk.press("Enter", shows=("Overview", ESCAPED))
    for name in ("Why", "Ancestry", "Timeline", "Files & net", "Container", "Rule", "JSON", "Repeats"):
        walk.tab(name)
        if name in {"Timeline", "Files & net", "Repeats"}:
            write(walk)
    walk.leave("Repeats")


def inside(walk: Walk) -> None:
    """The processes, alerts and events of a container."""
    walk.press("I", shows="No column is chosen")
    walk.press("Enter", shows="Inspect")
    write(walk)
    for name, shows in (("Alerts", "Connected"), ("Events", "procexit")):
        walk.tab(name, shows)
        write(walk)
    walk.leave("Inspect")


def of_a_process(walk: Walk) -> None:
    """The alerts and events of the one that has all in its name."""
    walk.press("End", shows="1411")
    walk.press("Enter", shows=("Process  Alerts", ESCAPED))
    for name, shows in (("Alerts", "Connected"), ("Events", "procexit")):
        walk.tab(name, shows)
        write(walk)
    walk.leave("procexit")


def test_the_menu_of_each_list_stands_and_is_inert(folder: Path) -> None:
    with opened(folder, SIZE) as terminal:
        walk = Walk(terminal, SIZE)
        begin(terminal)
        for name, shows in (
            ("1 Alerts", "Connected"), ("2 Containers", "C2 W1 N1"), ("3 Processes", "├─"), ("4 Events", "✗ lost"),
            ("5 Rules", "hostile.yaml"),
        ):  # fmt: skip
            if name != "1 Alerts":
                walk.view(name, shows)
            walk.menu(20, 5, shows="copy JSON")
            walk.leave("copy JSON")
        written = left(terminal)
    assert not list(foreign(written))


@pytest.mark.parametrize("which", ["clipboard", "link", "eight bits", "turned", "lines", "stacked", "clickable"])
def test_a_recording_may_have_any_name(folder: Path, which: str) -> None:
    """The shell finds it by itself: what is typed it writes, too."""
    (folder / "named").mkdir()
    (folder / "hostile.tiercel").rename(folder / "named" / f"{HOSTILE[which].replace('/', '')[:60]}.tiercel")
    command = f"exec {sys.executable} -m tiercel {folder}/named/* -r {folder}/hostile.yaml -c none --config none"
    with Tmux.open(folder, "sh", "-c", command, size=(80, 24)) as terminal:
        walk = Walk(terminal, (80, 24))
        begin(terminal)
        walk.view("6 Health", "events are being lost")
        written = left(terminal)
    assert not list(foreign(written))


COMMANDS = {
    "replay": (("replay", "--text", "hostile.tiercel", "-r", "hostile.yaml", "-c", "none", "--config", "none"), 0),
    "list": (("rules", "list", "hostile.yaml", "-c", "none", "--config", "none"), 0),
    "check": (("rules", "check", "broken.yaml"), 2),
    "why": (("rules", "why", "Connected", "--event", "hostile.tiercel", "-r", "hostile.yaml", "-c", "none"), 0),
    "test": (("rules", "test", "hostile.yaml", "--recording", "hostile.tiercel", "-c", "none"), 0),
    "pushdown": (("rules", "pushdown", "hostile.yaml", "-c", "none"), 0),
    "convert": (("convert", "hostile.tiercel", "hostile.scap"), 0),
}
"""What is typed, and the exit code."""


@pytest.mark.parametrize("which", COMMANDS)
def test_what_a_command_prints_on_a_terminal_is_inert(
    folder: Path, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some know that it is one, and write over their lines."""
    words, code = COMMANDS[which]
    broken = (folder / "hostile.yaml").read_text().replace("evt.type = connect", "evt.tpye = connect")
    (folder / "broken.yaml").write_text(broken)
    monkeypatch.chdir(folder)
    with Tmux.open(folder, sys.executable, "-m", "tiercel", *words, size=(80, 24)) as terminal:
        terminal.until_shown(f"exit code {code}")
        written = bytes(terminal.written)
    assert not list(foreign(written))
