"""What is a condition and what is words is judged alike in all views, and so is what cannot be."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.filters.alert_filter import is_condition
from engine.filters.query import has_field, split_inversion
from tests.helpers.driving import Drive, driving
from tests.helpers.incident import incident
from tui.panes.filtering import FilterPane
from tui.panes.listing import ListPane
from tui.widgets.input_line import Line

VIEWS = "12345"
STARTS = "'starts' is no operator – did you mean startswith?"
WORDS = "words"

CASES = [
    # what is written                 alerts         containers     processes      events         rules
    ("nginx web", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("state is running", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("rule container web", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("process exit", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("web.example com", WORDS, WORDS, WORDS, WORDS, WORDS),
    ('"fd.name starts x"', WORDS, WORDS, WORDS, WORDS, WORDS),
    ('"container starts slowly"', WORDS, WORDS, WORDS, WORDS, WORDS),
    ("container.name starts x", STARTS, STARTS, STARTS, STARTS, "no field container.name here"),
    ("proc.name starts x", STARTS, "no field proc.name here", STARTS, STARTS, "no field proc.name here"),
    ("! proc.name starts x", STARTS, "no field proc.name here", STARTS, STARTS, "no field proc.name here"),
    ("fd.name starts x", STARTS, "no field fd.name", "no field fd.name", STARTS, "no field fd.name"),
    ("evt.type ~ x", "no field evt.type", "no field evt.type", "no field evt.type", "'~' is no", "no field evt.type"),
    ("process starts /x", STARTS, WORDS, STARTS, "no field process here – did you mean proc.name?", WORDS),
    ("process starts with x", STARTS, WORDS, STARTS, "no field process here – did you mean proc.name?", WORDS),
    ("container like x*", "mean glob?", "mean glob?", "mean glob?", "no field container here – did you mean", WORDS),
    ("process starts x", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("container start httpd", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("process start failed", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("user ends session", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("rule match none", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("container inter x", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("rule patch x", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("container like web", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("user regexp a", "did you mean regex? To", WORDS, "did you mean regex? To", "mean user.name?", WORDS),
    ("/usr/lib/libc.so=1", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("http://x/a.b=c", WORDS, WORDS, WORDS, WORDS, WORDS),
    ("Process=a or PROCESS = b", "condition", "processes can", "condition", "mean proc.name?", "processes can"),
    ("Container = web", "condition", "condition", "condition", "did you mean container.name?", "processes can be"),
    ("!process=sh", *["! leaves out words, not checks of a field – did you mean process!=sh?"] * 5),
    ("-container=web", *["- leaves out words, not checks of a field – did you mean container!=web?"] * 5),
    ("container = web*", "condition", "condition", "condition", "did you mean container.name?", "processes can be"),
    ("rule Contains x", "mean contains?", WORDS, WORDS, WORDS, "mean contains?"),
    ("process contains sh", "condition", WORDS, "condition", "did you mean proc.name?", WORDS),
    ("Process contains sh", "condition", WORDS, "condition", "did you mean proc.name?", WORDS),
    ("image in use", "condition", "condition", WORDS, "did you mean container.image?", WORDS),
    ("state=bogus", "no state 'bogus'", "no state 'bogus' – one of created,", *["Alerts and containers can be"] * 3),
    ("state != bogus", "no state 'bogus'", "no state 'bogus' – one of created,", *["Alerts and containers can be"] * 3),
    ("health=bogus", "no key 'health'", "no health 'bogus' – one of healthy", *["Containers can be asked for it"] * 3),
    ("entry=bogus", "no key 'entry'", "Processes can", "no entry 'bogus' – one of", "tiercel.entry?", "Processes can"),
    ("priority=foo", "'foo' is no priority", *["– Alerts and rules can be asked for it."] * 3, "'foo' is no priority"),
    ("priority<=x", "'x' is no priority", *["– Alerts and rules can be asked for it."] * 3, "'x' is no priority"),
    ("enabled=maybe", "no key 'enabled'", *["Rules can be asked for it."] * 3, "value maybe – true or false"),
    ("rule.priority<=x", "'x' is no priority", *["no field rule.priority"] * 3, "'x' is no priority – one of"),
    ("pid<x", "no key 'pid'", "Processes can", "a number stands behind", "did you mean proc.pid?", "Processes can"),
]  # fmt: skip


def judged(drive: Drive, text: str) -> str:
    """What the pane in front says about a filter."""
    assert isinstance(drive.pane, FilterPane)
    try:
        drive.pane.check_filter(text)
    except UsageError as error:
        return f"{error.message} – {error.hint}"
    _, text = split_inversion(text)
    is_check = {"alerts": is_condition, "events": has_field}.get(drive.frame.view)
    if is_check is None:
        assert isinstance(drive.pane, ListPane)
        is_check = drive.pane.table.has_check
    return "condition" if is_check(text) else WORDS


@pytest.mark.parametrize("view", range(5))
async def test_each_view_says_the_same_of_what_it_knows(view: int) -> None:
    async with driving(incident()) as drive:
        await drive.press(VIEWS[view])
        for text, *expected in CASES:
            assert expected[view] in judged(drive, text), text


@pytest.mark.parametrize("view", ["2", "3", "5"])
async def test_a_misspelt_operator_is_refused_where_it_stands_as_among_the_alerts(view: str) -> None:
    written = {"2": "container starts /x", "3": "proc.name starts x", "5": "rule starts /x"}[view]
    async with driving(incident()) as drive:
        await drive.press(view, "slash", *written)
        await drive.until_shown(STARTS)
        await drive.press("enter")
        line = drive.pane.query_one(Line)
        await drive.until(lambda: line.cursor_position == written.index("starts"))
        assert drive.app.focused is line
