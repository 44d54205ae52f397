"""What does not fit is cut, and what is left of it says nothing else than the whole did."""

from __future__ import annotations

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.alerts import Priority
from engine.protocol import ProcessRow
from tests.helpers.driving import NARROW, driving
from tests.helpers.incident import incident
from tui import words
from tui.panes.processes import alerts_cell
from tui.texts import lineage
from tui.widgets.columns import GAP, Column, fit, place
from tui.widgets.cutting import beginning, end, short

NUMBERS = st.integers(0, 10**7)
TEXTS = st.lists(
    st.one_of(NUMBERS.map(str), st.sampled_from(["exited", "×12", "世界", "1.2k", "W37", "/tmp/x"])), min_size=1
)


def figures(text: str) -> set[str]:
    return set(re.findall(r"(?<!\w)\d+(?!\w)", text))


def test_a_figure_is_shown_whole_or_not_at_all() -> None:
    assert [short("exited 127", width) for width in (10, 9, 8, 7)] == ["exited 127", "exited …", "exited …", "exited…"]
    assert short("C1 E12 W1.2k", 8) == "C1 E12 …"
    assert short("nc 10.0.3.9:51402", 15) == "nc 10.0.3.9:…"
    assert short("×1,234 from", 7) == "×…"
    assert short("httpd2345 -f", 8) == "httpd23…"  # a name is known by its beginning


def test_the_end_of_a_path_begins_with_a_whole_figure() -> None:
    assert end("/proc/12345/maps", 8) == "/maps"
    assert end("/usr/lib/libc.so", 7) == "libc.so"


@given(TEXTS.map(" ".join), st.integers(0, 60))
def test_what_is_left_has_no_figure_that_the_whole_has_not(text: str, width: int) -> None:
    assert figures(beginning(text, width)) <= figures(text) or cell_len(text) <= width
    assert figures(end(text, width)) <= figures(text)
    assert figures(short(text, max(1, width))) <= figures(text)


@given(TEXTS.map(" ".join), st.integers(1, 60), st.booleans(), st.booleans())
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int, right: bool, middle: bool) -> None:
    cut = fit([(text, "")], width, right, middle)
    assert sum(cell_len(part) for part, _ in cut) == width
    assert figures("".join(part for part, _ in cut)) <= figures(text)


def columns() -> list[Column[str]]:
    """A name that grows, a figure of a fixed width, and one that is shown whole."""
    return [
        Column("Name", 30, lambda row: [(row, "")], share=4),
        Column("Pid", 7, lambda _row: [("4194304", "")], right=True),
        Column("Ended", 10, lambda _row: [("exited 127", "")], share=1, whole=True),
    ]


def test_names_make_room_for_figures() -> None:
    assert [each.width for each in place(columns(), 40, {"Name": 60, "Ended": 10})] == [19, 7, 10]
    assert [each.width for each in place(columns(), 80, {"Name": 60, "Ended": 20})] == [49, 7, 20]


def counted() -> list[Column[str]]:
    """A name that grows, and counts for which it makes room up to a bound."""
    return [
        Column("Name", 20, lambda row: [(row, "")], share=4),
        Column("Alerts", 6, lambda _row: [("C1 E1 W4 N1", "")], share=1, whole=True, most=9),
    ]


def test_counts_get_what_is_to_spare_before_names_do() -> None:
    assert [each.width for each in place(counted(), 40, {"Name": 60, "Alerts": 14})] == [24, 14]
    assert [each.width for each in place(counted(), 26, {"Name": 60, "Alerts": 14})] == [15, 9]
    assert [each.width for each in place(counted(), 60, {"Name": 10, "Alerts": 0})] == [52, 6]


def test_a_column_that_would_be_all_gap_is_left_out() -> None:
    assert [each.column.title for each in place(columns(), 22, {"Name": 60, "Ended": 10})] == ["Name", "Pid"]
    assert [each.width for each in place(columns(), 22, {"Name": 60, "Ended": 10})] == [13, 7]


@given(st.integers(0, 120), st.integers(1, 90), st.integers(0, 20))
def test_columns_are_never_wider_than_their_list(width: int, name: int, ended: int) -> None:
    placed = place(columns(), width, {"Name": name, "Ended": ended})
    gaps = GAP * (len(placed) - 1)
    assert sum(each.width for each in placed) <= max(0, width - gaps)


def test_command_lines_make_room_for_whole_facts() -> None:
    alert = incident().alerts[3]
    alert.lineage[0].cmdline = "sh -c " + "while :; do date; done " * 9
    exit_time = words.clock(alert.lineage[0].exit_time)
    told = {width: "".join(text for text, _ in lineage.draw(alert, width)[-1]) for width in (0, 100, 80, 60, 50)}
    assert all(cell_len(text) <= width for width, text in told.items() if width)
    assert all(told[width].endswith(f"root · pts/0 · pid 4711 · exited {exit_time}") for width in (0, 100, 80))
    assert told[60].endswith("root · pts/0 · pid 4711 · …")
    assert told[50].endswith("root · pts/0 · …")


def ended(status: int, number: int) -> ProcessRow:
    made = next(row for row in incident().processes if row.pid == 4711)
    command = f"sh -c {number} " + "while :; do date; done " * 4
    return msgspec.structs.replace(made, pid=9_000 + number, start=number, exit_status=status, cmdline=command)


async def test_an_exit_code_is_never_another_beside_a_full_list_on_a_narrow_screen() -> None:
    world = incident()
    at = next(index for index, row in enumerate(world.processes) if row.pid == 4711)
    world.processes[at:at] = [ended(127 << 8, number) if number % 2 else ended(9, number) for number in range(40)]
    async with driving(world, NARROW) as drive:
        await drive.press("2", "enter")
        await drive.until_shown("while :", "Mem")
        lines = [line for line in drive.text().splitlines() if "sh -c" in line]
        assert len(lines) > 10
        assert all(line.endswith(("exited 127", "SIGKILL", "▆", "▃", "▂", "▇", "▁")) for line in lines), drive.text()
        assert not [line for line in lines if re.search(r"exited 1?2?$", line)]


async def test_alerts_of_a_process_are_counted_by_priority() -> None:
    world = incident()
    at = next(index for index, row in enumerate(world.processes) if row.pid == 4711)
    world.processes[at] = msgspec.structs.replace(
        world.processes[at], alerts=40, worst=Priority.CRITICAL, severities={"Warning": 39, "Critical": 1}
    )
    async with driving(world) as drive:
        await drive.press("3")
        await drive.until_shown("C1 W39")
        await drive.press("1", "down", "down", "down", "enter", "tab", "tab")
        await drive.until_shown("The whole tree", "Critical ×1, Warning ×39")


def test_of_alerts_that_an_earlier_version_kept_only_the_worst_and_all_are_known() -> None:
    row = next(row for row in incident().processes if row.pid == 4711)
    assert shown_alerts(msgspec.structs.replace(row, severities={}, alerts=40)) == "W…"
    assert shown_alerts(msgspec.structs.replace(row, severities={})) == "W1"
    assert shown_alerts(msgspec.structs.replace(row, severities={}, alerts=0, worst=None)) == ""


def shown_alerts(row: ProcessRow) -> str:
    return "".join(text for text, _ in alerts_cell(row))
