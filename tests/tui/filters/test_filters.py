"""Filters in the rule language: on every list, with what is offered and what is wrong said in place."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.filters.length import MAX_LENGTH
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import incident
from tui.filters.completion import offer
from tui.places import AlertPlace
from tui.widgets.filter_bar import FilterBar
from tui.widgets.input_line import Line
from tui.widgets.page_list import PageList

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]
FIELDS = ["proc.name", "proc.pname", "container.name"]
VALUES = {"proc.name": ["sh", "sshd", "a b", "x"], "container.name": ["web", "wiki"]}


def offered(text: str) -> tuple[list[str], str]:
    found = offer(text, FIELDS, lambda field: VALUES.get(field, ()))
    return list(found.words), found.applied(text)


@pytest.mark.parametrize(
    ("text", "words", "applied"),
    [
        ("", [], ""),
        ("proc", ["proc.name", "proc.pname"], "proc.name"),
        ("container.name=web and (pr", ["proc.name", "proc.pname"], "container.name=web and (proc.name"),
        ("proc.name st", ["startswith"], "proc.name startswith"),
        ("container.name=w", ["web", "wiki"], "container.name=web"),
        ("container.name = wi", ["wiki"], "container.name = wiki"),
        ("proc.name in (x, s", ["sh", "sshd"], "proc.name in (x, sh"),
        ("proc.name startswith ss", ["sshd"], "proc.name startswith sshd"),
        ('proc.name="a', ['"a b"'], 'proc.name="a b"'),
        ("proc.name=a", ['"a b"'], 'proc.name="a b"'),
        ("shadow w", [], "shadow w"),
        ("proc.name=sh", [], "proc.name=sh"),
    ],
)
def test_what_is_offered(text: str, words: list[str], applied: str) -> None:
    assert offered(text) == (words, applied)


@pytest.mark.parametrize("end", [" proc.n", " proc.name sta", " proc.name=s"])
def test_more_than_a_filter_may_have_is_not_completed(end: str) -> None:
    assert offer(f"x{end}", FIELDS, lambda field: VALUES.get(field, ())).words
    assert not offer("x" * MAX_LENGTH + end, FIELDS, lambda field: VALUES.get(field, ())).words


def test_hostile_values_are_offered_as_values() -> None:
    evil = 'a" or proc.name exists'
    words = offer("proc.name=a", FIELDS, lambda _field: [evil]).words
    assert words == [r'"a\" or proc.name exists"']


async def filtered(drive: Drive, view: str, text: str) -> PageList[object]:
    await drive.press(view)
    rows: PageList[object] = drive.pane.query_one(PageList)
    await drive.until(lambda: rows.total > 1)
    await drive.press("slash", *text, "enter")
    return rows


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("view", "text", "total", "kept"),
    [
        ("1", "container.name=web and fd.name startswith /etc", 2, "/etc/shadow"),
        ("1", "priority<=error or process=sh", 3, "/bin/18211"),
        ("1", "not (fd.name exists)", 1, "Terminal shell"),
        ("2", "container.privileged=true", 1, "agent"),
        ("2", "container.image startswith bbp and state=running", 1, "web"),
        ("3", "proc.pid=900 or proc.name=cat", 5, "sshd -D"),
        ("3", "proc.is_exe_upper_layer=true and user.name=root", 4, "/tmp/x id"),
        ("4", "proc.name=sshd and evt.type=execve", 1, "sshd -D"),
        ("5", "rule.enabled=false or priority<=critical", 2, "Package manager"),
    ],
)
async def test_a_condition_on_a_list(size: tuple[int, int], view: str, text: str, total: int, kept: str) -> None:
    async with driving(incident(), size) as drive:
        rows = await filtered(drive, view, text)
        await drive.until(lambda: rows.total == total)
        await drive.until_shown(kept, "esc clears")


@pytest.mark.parametrize("view", ["1", "2", "3", "4", "5"])
async def test_what_is_wrong_is_said_in_place_and_nothing_changes(view: str) -> None:
    async with driving(incident(), NARROW) as drive:
        rows = await filtered(drive, view, "container.nome=web and x")
        await drive.until_shown("there is no field container.nome")
        before = rows.total
        await drive.press("end", "x")
        assert "there is no field" in drive.text()
        await drive.press("backspace", "enter")
        await drive.until_shown("there is no field container.nome")
        assert rows.total == before
        await drive.press("escape")
        await drive.until(lambda: drive.app.focused is rows)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("view", "text", "reason"),
    [
        ("1", "fd.name starts /e", "'starts' is no operator – did you mean startswith?"),
        ("1", "state=bogus", "there is no state 'bogus' – one of new,"),
        ("1", "priority<=bogus", "'bogus' is no priority – one of emergency,"),
        ("2", "container.nam = w", "there is no field container.nam here"),
        ("3", "proc.nam = x", "there is no field proc.nam here – did you mean proc.name?"),
        ("4", "fd.name starts /e", "'starts' is no operator – did you mean startswith?"),
        ("5", "priority<=bogus", "'bogus' is no priority – one of emergency,"),
    ],
)
async def test_what_is_wrong_is_said_while_it_is_typed(
    view: str, text: str, reason: str, size: tuple[int, int]
) -> None:
    async with driving(incident(), size) as drive:
        await drive.press(view)
        rows: PageList[object] = drive.pane.query_one(PageList)
        await drive.until(lambda: rows.total > 1)
        total, region = rows.total, rows.region
        await drive.press("slash", *text)
        await drive.until_shown(reason)
        assert (rows.total, rows.region) == (total, region)
        await drive.press("backspace")
        assert drive.app.focused is drive.pane.query_one(FilterBar).query_one(Line)
        assert drive.pane.query_one(Line).value == text[:-1]


async def test_nobody_is_told_of_a_term_that_is_not_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FilterBar, "pause", 3600)
    async with driving(incident()) as drive:
        await drive.press("slash")
        for key in "fd.name startswith (/etc":
            await drive.press(key)
            assert not drive.pane.query_one(FilterBar).warns
        await drive.press(*" and ")
        assert drive.pane.query_one(FilterBar).warns


async def test_what_is_offered_is_not_taken_away_by_what_is_wrong_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FilterBar, "pause", 0.01)
    async with driving(incident()) as drive:
        await drive.press("slash", *"fd.name st")
        await drive.settled()
        await drive.until_shown("⇥ startswith")
        await drive.press(*"ill")
        await drive.until_shown("'still' is no operator")


@pytest.mark.parametrize(("view", "meant"), [("2", "state"), ("3", "proc.tty"), ("4", "evt.type"), ("5", "enabled")])
async def test_an_unknown_field_is_no_word_unless_it_is_quoted(view: str, meant: str) -> None:
    written = {"state": "stat=up", "proc.tty": "tty=34816", "evt.type": "type=open", "enabled": "enabld=true"}[meant]
    async with driving(incident()) as drive:
        rows = await filtered(drive, view, written)
        await drive.until_shown("there is no field", f"did you mean {meant}?")
        before = rows.total
        await drive.press("escape", "slash", *f'"{written}"', "enter")
        await drive.until(lambda: not rows.total or not before)


async def test_a_tree_keeps_the_way_to_a_match_and_what_it_began() -> None:
    async with driving(incident()) as drive:
        rows = await filtered(drive, "3", 'proc.name=sh and tiercel.entry="docker exec"')
        await drive.until_gone("sshd -D")
        await drive.until(lambda: rows.total == 5)
        for kept in ("systemd", "containerd-shim", "sh", "cat /etc/shadow", "/tmp/x id"):
            assert kept in drive.text()


async def test_a_filter_that_is_typed_filters_as_soon_as_it_makes_sense() -> None:
    async with driving(incident()) as drive:
        await drive.press("2")
        rows: PageList[object] = drive.pane.query_one(PageList)
        await drive.until(lambda: rows.total == 4)
        await drive.press("slash", *"container.name=")
        assert rows.total == 4
        await drive.press(*"db")
        await drive.until(lambda: rows.total == 1)


@pytest.mark.parametrize("size", SIZES)
async def test_a_long_text_is_searched_and_scrolled(size: tuple[int, int]) -> None:
    world = incident()
    world.alerts[3] = replace(world.alerts[3], output_fields={f"x.{n}": f"value {n}" for n in range(100)})
    async with driving(world, size) as drive:
        drive.app.visit(AlertPlace(4, 3, "alert"))
        await drive.until_shown("Overview", "◀ docker exec")
        assert "value 77" not in drive.text()
        await drive.press("slash", *"value 77", "enter")
        await drive.until_shown("value 77", "1 of 1 place")
        await drive.press("slash", "right", *"7", "enter")
        await drive.until_shown("it does not occur")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "text", ["evil [/] end", "[@click=app.quit]press me[/]", r"\x1b]52;c;\x07", "漢字かな" * 20, "'\""]
)
async def test_hostile_names_are_offered_and_searched_as_text(text: str, size: tuple[int, int]) -> None:
    world = incident()
    for row in world.processes:
        row.name = row.cmdline = text
    async with driving(world, size) as drive:
        await drive.press("3")
        rows: PageList[object] = drive.pane.query_one(PageList)
        await drive.until(lambda: rows.total == 8)
        await drive.press("slash", *"proc.name=")
        await drive.until_shown("⇥ ")
        await drive.press("tab", "enter")
        await drive.until(lambda: not drive.pane.query_one(FilterBar).display)
        assert rows.total == 8
        await drive.press("y")
        assert text in drive.app.clipboard


async def test_inverting_nothing_says_how_to_filter() -> None:
    async with driving(incident()) as drive:
        await drive.press("exclamation_mark")
        await drive.until_shown("There is no filter to turn round")
