"""A shell that is opened from the screen: it works, and what happens in it is known as ours; nobody else's is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.lab import Lab
from tests.helpers.lab.tmux import Tmux
from tests.helpers.program import TIERCEL

pytestmark = pytest.mark.live

RULES = """
- rule: Passwords read
  desc: Somebody reads them.
  condition: evt.type in (open, openat) and fd.name = /etc/shadow and container.id != host
  output: Passwords read (by=%proc.name)
  priority: Warning
  tags: [files]
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "passwords.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def web(lab: Lab) -> Iterator[str]:
    yield lab.run("web")
    lab.remove("web")


def test_a_shell_from_the_screen_is_ours_and_another_is_not(lab: Lab, web: str, rules: Path, tmp_path: Path) -> None:
    options = ["--docker", lab.url, "-r", str(rules), "--store", str(tmp_path / "alerts.db")]
    with Tmux.open(tmp_path, *TIERCEL, *options) as terminal:
        terminal.until_shown("● live")
        terminal.keys("2")
        terminal.until_shown("web", "running")
        terminal.keys("/", *"container=web", "Enter")  # the machine may have others
        terminal.until_shown("/ container=web   esc clears")
        terminal.keys("E")
        terminal.until_shown("A shell in web", "/ #")
        terminal.write("cat /etc/shadow > /dev/null; echo read $((40 + 2))")
        terminal.keys("Enter")
        terminal.until_shown("read 42")
        lab.exec("web", "cat", "/etc/shadow")
        terminal.write("cat /etc/shadow > /dev/null; exit")  # its alert is marked behind the end of the shell
        terminal.keys("Enter")
        terminal.until_shown("The shell in web has ended")
        terminal.keys("1")
        terminal.until_shown("by docker exec", "by own shell", "2  Passwords read")
        lines = [line.split() for line in terminal.text().splitlines() if "Passwords read   " in line]
        assert {(sign, number) for sign, _priority, _age, number, *_more in lines} == {("✓", "2"), ("●", "1")}
        terminal.press(
            "/", *"tag=own_shell", "Enter", shows=("✓", "Entry       own shell", "/ tag=own_shell   esc"), gone="●  W"
        )
        terminal.keys("q")
        terminal.until_shown("exit code 0")


def test_what_is_pressed_in_the_shell_does_not_end_the_screen_and_a_failure_can_be_read(
    lab: Lab, web: str, rules: Path, tmp_path: Path
) -> None:
    options = ["--docker", lab.url, "-r", str(rules), "--store", str(tmp_path / "alerts.db")]
    with Tmux.open(tmp_path, *TIERCEL, *options, size=(80, 24)) as terminal:
        terminal.until_shown("● live")
        terminal.keys("2")
        terminal.until_shown("web", "running")
        terminal.keys("/", *"container=web", "Enter")  # the machine may have others
        terminal.until_shown("/ container=web   esc clears")
        terminal.keys("E")
        terminal.until_shown("A shell in web", "/ #")
        terminal.keys("C-c")
        terminal.write("echo $((40 + 2)); exit 3")
        terminal.keys("Enter")
        terminal.until_shown("42", "exit code 3. Enter leads back to Tiercel.")
        terminal.keys("C-c", "Enter")
        terminal.until_shown("The shell in web has ended", "exit code 3", "Flags")
        terminal.keys("q")
        terminal.until_shown("exit code 0")
