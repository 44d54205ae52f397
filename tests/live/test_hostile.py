"""Names that an attacker chooses, from a real container to a real terminal: seen as escapes, and inert."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.hostile_names import ALL, printable
from tests.helpers.lab import Lab
from tests.helpers.lab.tmux import Tmux
from tests.helpers.program import TIERCEL, running
from tests.helpers.terminal_bytes import foreign

pytestmark = pytest.mark.live

CLIPBOARD = r"\033]52;c;ZXZpbA==\007"
MOVE = r"\033[7331;7331H"
COLUMN_ONE = r"\302\2337331G"
MARKUP = "[@click=app.quit]x[/]"
RIGHT_TO_LEFT = r"\342\200\256"
INVALID = r"\377\233"
WIDE = r"\346\227\245e\314\201"
HOSTILE = rf"{CLIPBOARD}{MOVE}{COLUMN_ONE}{MARKUP}{RIGHT_TO_LEFT}{INVALID}{WIDE}\nline two"
"""As printf(1) has it."""
SCRIPT = rf"""
hostile="$(printf '{HOSTILE}')"
folder="/tmp/$hostile"
mkdir -p "$folder"
program="$folder/busybox$(printf '\033[7331m\n\2337331')"
cp /bin/busybox "$program"
"$program" cat /etc/shadow
"$program" true "$hostile" "$(head -c 4096 /dev/zero | tr '\0' A)"
"$program" touch "$folder/$(printf 'new\033[7331m\n')"
ln -s /etc/shadow "$folder/link"
printf 'said %s\n' "$hostile"
printf 'warned %s\n' "$hostile" >&2
exec sleep 1000
"""
RULES = """
- rule: Hostile program
  desc: Our program was started. [@click=app.quit]x[/]
  condition: evt.type in (execve, execveat) and proc.exepath startswith /tmp/ and container.id != host
  output: Hostile (exe=%proc.exepath args=%proc.args name=%proc.name label=%container.label[evil])
  priority: Critical
- rule: Hostile file
  desc: A file of ours was opened.
  condition: evt.type in (open, openat) and fd.name startswith /tmp/ and container.id != host and evt.is_open_write=true
  output: Hostile file (file=%fd.name)
  priority: Warning
- rule: Hostile link
  desc: A link of ours was made.
  condition: evt.type in (symlink, symlinkat) and evt.arg.target = /etc/shadow and container.id != host
  output: Hostile link (to=%evt.arg.linkpath)
  priority: Warning
"""
WANTED = ("Hostile program", "Hostile file", "Hostile link")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def name(lab: Lab) -> Iterator[str]:
    yield "hostile"
    lab.remove("hostile")


def intrude(lab: Lab, name: str) -> None:
    """A container whose program, files, arguments, environment, mounts and labels are hostile."""
    evil = "\x1b]52;c;ZXZpbA==\x07\x1b[7331m\u009b\u202e[/]\nline two"
    all_in_one = f"all={printable(ALL)}"
    options: tuple[str, ...] = ("--label", f"evil={evil}", "--label", f"{evil}=1", "--label", all_in_one)
    options += ("--env", f"EVIL={evil}", "--env", all_in_one, "--tmpfs", f"/mnt/{evil}")
    lab.run(name, "busybox", "sh", "-c", SCRIPT, options=options)


async def test_json_lines_are_valid_and_hold_no_control_character(
    lab: Lab, name: str, rules: Path, tmp_path: Path
) -> None:
    store = ["--store", str(tmp_path / "alerts.db")]
    async with running("watch", "--json", "--docker", lab.url, "-r", str(rules), *store) as watch:
        await watch.said("live")
        intrude(lab, name)
        await watch.alert("Hostile link")
        ended = await watch.ended(signal.SIGTERM)
    assert {alert["rule"] for alert in ended.alerts} == set(WANTED)
    assert len([alert for alert in ended.alerts if alert["rule"] == "Hostile program"]) == 3
    assert any("A" * 1000 in alert["output"] for alert in ended.alerts)
    for line in watch.lines:
        text = line.decode()
        assert text.removesuffix("\n").isprintable() or not re.search("[\x00-\x1f\x7f-\x9f\u202e]", text.rstrip("\n"))
    assert "Traceback" not in ended.talk


async def test_text_lines_are_one_for_each_alert_and_inert(lab: Lab, name: str, rules: Path, tmp_path: Path) -> None:
    store = ["--store", str(tmp_path / "alerts.db")]
    async with running("watch", "--docker", lab.url, "-r", str(rules), *store) as watch:
        await watch.said("live")
        intrude(lab, name)
        await watch._until(lambda: any(b"Hostile link" in line for line in watch.lines), "the link")
        watch.process.send_signal(signal.SIGTERM)
        assert await watch.process.wait() == 0
    assert all(b"Hostile" in line for line in watch.lines)
    for line in watch.lines:
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", line.decode().rstrip("\n"))


LAST = {"--text": "Hostile link", "--json": "link → /etc/shadow"}
"""By the form, what has been printed when all has."""


@pytest.mark.parametrize("form", LAST)
def test_what_is_printed_to_a_terminal_is_inert(lab: Lab, name: str, rules: Path, tmp_path: Path, form: str) -> None:
    options = [form, "--docker", lab.url, "-r", str(rules), "--store", str(tmp_path / "alerts.db")]
    with Tmux.open(tmp_path, *TIERCEL, "watch", *options, size=(80, 24)) as terminal:
        terminal.until_shown("live")
        intrude(lab, name)
        terminal.until(lambda screen: LAST[form] in "".join(screen.splitlines()), "the link")
        terminal.keys("C-c")
        terminal.until_shown("exit code 130")
        written = bytes(terminal.written)
    assert b"\\x1b" in written or b"\\u001b" in written
    assert not list(foreign(written))


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])
def test_every_pane_shows_escapes_and_obeys_none(
    lab: Lab, name: str, rules: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    options = ["--docker", lab.url, "-r", str(rules), "--store", str(tmp_path / "alerts.db")]
    with Tmux.open(tmp_path, *TIERCEL, *options, size=size) as terminal:
        terminal.until_shown("● live")
        intrude(lab, name)
        terminal.until_shown("Hostile link", "Hostile file", "Hostile program")
        terminal.keys("End", "Enter")
        terminal.until_shown("Overview", "hostile ▸ container start")
        terminal.keys("Escape")  # a key right behind it would make it Alt and that key
        terminal.until_gone("Overview")
        terminal.keys("3")
        terminal.until_shown("Pid")
        terminal.keys("/", *"hostile", "Enter")
        terminal.until_shown("/ hostile", "esc clears", *(["busybox\\x1b"] if size[0] > 80 else []))
        terminal.keys("2")
        terminal.until_shown("Flags", "hostile")
        terminal.keys("4")
        terminal.until_shown("4 on a container")
        terminal.keys("/", *"container.name=hostile", "Enter")  # the machine's own noise goes by too fast
        terminal.until_shown("esc clears", "\\x1b")
        terminal.keys("1")
        terminal.until_shown("c container", "Hostile link")
        terminal.keys("c")
        terminal.until_shown("› hostile", "Inspect", "busybox\\x1b")
        for tab in ("Alerts", "Events", "Changes", "Logs", "Inspect", "Image", "Processes"):
            terminal.keys("Tab")
            terminal.until_front(tab, "hostile")
        terminal.keys("2")
        terminal.until_shown("Flags", "hostile")
        terminal.keys("/", *"hostile", "Enter")  # the machine may have other containers
        terminal.until_shown("/ hostile", "esc clears")
        terminal.keys("l")
        terminal.until_shown("said \\x1b", "! warned \\x1b", "[@click=app.quit]")
        terminal.keys("5")
        terminal.until_shown("hostile.yaml")
        terminal.keys("6")
        terminal.until_front("6 Health")
        terminal.keys("1", "q")
        terminal.until_shown("exit code 0")
        assert "Traceback" not in terminal.text()
        text = terminal.written.decode(errors="replace")
    assert "never awaited" not in text
    assert "\\x1b" in text
    assert not list(foreign(bytes(terminal.written)))
