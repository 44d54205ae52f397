"""The main job on the screen: the real program in a real terminal, while somebody breaks into a container.

The tests are one story and stand in its order.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.helpers.lab.docker import Lab
from tests.helpers.lab.scene import STEPS, Stage
from tests.helpers.lab.tmux import Tmux

pytestmark = pytest.mark.live

LINES = ("2", "3", "4", "5", "6")
"""What happens before somebody looks: shells, secrets, a file in /bin, a new program."""
SHELL = "Terminal shell in container"
FENCE = "Hard link over sensitive file"


class Desk:
    """Somebody's screen, and the stage on which things happen."""

    def __init__(self, stage: Stage, screen: Tmux, store: Path) -> None:
        self.stage = stage
        self.screen = screen
        self.store = store
        self.fences = itertools.count(1)

    def view(self, number: str, expected: str) -> None:
        """Go to a view by its number."""
        self.screen.keys(number)
        self.screen.until_shown(expected)

    def filter(self, text: str) -> None:
        """Filter the list in front."""
        self.screen.keys("/")
        self.screen.until(lambda screen: re.search(r"^ / ", screen, re.MULTILINE), "the filter can be typed")
        self.screen.write(text)
        self.screen.keys("Enter")
        self.screen.until_shown(f"/ {text}", "esc clears")

    def back(self, expected: str) -> None:
        """Leave a drill-down for a screen that shows this."""
        self.screen.keys("Escape")
        self.screen.until_shown(expected)

    def clear_filter(self) -> None:
        """Show the whole list again."""
        self.screen.keys("Escape")
        self.screen.until_gone("esc clears")

    def repeat_step_2(self) -> None:
        """Enter and leave ``web`` by a shell, then do something else that the screen will show."""
        self.stage.enter("web")
        self.stage.leave()
        self.stage.lab.exec("db", "ln", "/etc/shadow", f"/tmp/fence-{next(self.fences)}")

    def alerts(self, rule: str) -> int:
        """How many alerts of a rule the database holds; the screen's stacks count them."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as database:
            row = database.execute("SELECT coalesce(sum(count), 0) FROM stacks WHERE rule = ?", (rule,)).fetchone()
        return int(row[0])


@pytest.fixture(scope="module")
def desk(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "tmux").mkdir()
    store = folder / "alerts.db"
    command = [sys.executable, "-m", "tiercel", "--docker", lab.url, "--store", str(store)]
    with Stage.open(lab, folder) as stage, Tmux.open(folder / "tmux", *command) as screen:
        screen.until_shown("● live")
        for step in STEPS:
            if step.line in LINES:
                step.do(stage)
        yield Desk(stage, screen, store)


def test_every_alert_is_on_the_screen(desk: Desk) -> None:
    rules = {expected.rule for step in STEPS if step.line in LINES for expected in step.expected}
    shown = {rule[:24] for rule in rules}
    desk.screen.until(lambda screen: all(rule in screen for rule in shown), "all alerts are listed")


def test_the_alert_of_step_4_shows_the_way_at_a_glance(desk: Desk) -> None:
    desk.filter("cat /etc/shadow")
    way = ("web ▸ docker exec ▸ sh pts/0 ▸ cat /etc/shadow", "└─ sh  ◀ docker exec", "└▶ cat /etc/shadow")
    desk.screen.until_shown(*way, "lab/busybox:1")
    desk.screen.keys("Enter")
    desk.screen.until_shown("Overview", "Why it matters", "root (0)")
    desk.back("1 Alerts")
    desk.clear_filter()


def test_a_drill_down_from_the_containers_shows_the_process_tree(desk: Desk) -> None:
    desk.view("2", "running")  # a row: an empty list has nothing to open
    desk.filter("web")
    desk.screen.keys("Enter")
    screen = desk.screen.until_shown("Containers › web", "sleep infinity", "├─ cat /etc/shadow")
    living = next(line for line in screen.splitlines() if "sleep infinity" in line)
    exited = next(line for line in screen.splitlines() if "cat /etc/shadow" in line)
    assert "exited" in exited
    assert "exited" not in living
    assert desk.screen.styled("cat /etc/shadow") != desk.screen.styled("sleep infinity")


def test_the_tree_is_live(desk: Desk) -> None:
    desk.stage.listen("web", "nc", "-ll", "-p", "5555", until="netstat -ltn | grep -q :5555")
    desk.screen.until_shown("nc -ll -p 5555")


def test_a_process_shows_its_alerts_and_recent_events(desk: Desk) -> None:
    desk.filter("cat /etc/shadow")
    desk.screen.keys("End", "Enter")
    desk.screen.until_shown("› cat")
    desk.screen.keys("Tab")
    desk.screen.until_shown("Sensitive file read")
    desk.screen.keys("Tab")
    desk.screen.until(lambda screen: re.search(r"openat .*/etc/shadow O_RDONLY", screen), "its events are told")
    desk.back("Inspect")
    desk.clear_filter()


def test_the_containers_changes_are_told_and_explained(desk: Desk) -> None:
    desk.screen.keys("Tab", "Tab", "Tab")
    for told in (
        r"A added\s+/bin/\d+ .*touch \(\d+\) ← sh ← docker exec",
        r"A added\s+/tmp/x .*executed \d\d:\d\d:\d\d +cp \(\d+\) ← sh ← docker exec",
    ):
        desk.screen.until(re.compile(told).search, f"it says {told}")
    desk.back("1 Alerts")
    desk.clear_filter()


def test_a_rule_that_is_off_raises_nothing_and_on_again_it_does(desk: Desk) -> None:
    before = desk.alerts(SHELL)
    desk.view("5", "Hits")
    desk.filter(SHELL)
    desk.screen.until(lambda screen: re.search(f"●.*{SHELL}", screen), "the rule is on")
    desk.screen.keys("Space")
    desk.screen.until(lambda screen: re.search(f"○.*{SHELL}", screen), "the rule is off")
    desk.repeat_step_2()
    desk.clear_filter()
    desk.filter(FENCE)
    desk.screen.until(lambda screen: re.search(rf"{FENCE}\s+1\s", screen), "the fence was seen")
    assert desk.alerts(SHELL) == before
    desk.clear_filter()
    desk.filter(SHELL)
    desk.screen.keys("Space")
    desk.screen.until(lambda screen: re.search(f"●.*{SHELL}", screen), "the rule is on again")
    desk.repeat_step_2()
    desk.screen.until(lambda screen: re.search(rf"{SHELL}\s+{before + 1}\s", screen), "one more hit")
    desk.clear_filter()


def test_a_paused_list_stands_still_and_goes_on(desk: Desk) -> None:
    desk.view("1", "Why it matters")
    desk.filter("chmod")
    desk.screen.keys("p")
    desk.screen.until_shown("paused")
    desk.stage.type("chmod u+s /tmp/x")
    desk.screen.until_shown("1 new alert waiting")
    assert "Setuid bit set" not in desk.screen.text()
    desk.screen.keys("p")
    desk.screen.until_shown("Setuid bit set")
    desk.clear_filter()


def test_it_quits_in_good_order_and_no_alert_was_lost(desk: Desk) -> None:
    assert re.search(r"lost 0\b", desk.screen.text())
    desk.screen.keys("q")
    desk.screen.until_ended()
    assert "exit code 0" in desk.screen.text()
    for step in STEPS:
        for expected in step.expected if step.line in LINES else ():
            assert desk.alerts(expected.rule) >= 1, expected.rule
    assert desk.alerts("Setuid bit set") == 1
    assert desk.alerts(FENCE) == 2
