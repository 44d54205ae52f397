"""The tabs of one alert: ancestry, timeline, files, container, rule, and how many of them a narrow line has."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.alerts import DROP_RULE, Priority
from engine.protocol import Around, AskerRow, Entry, EventRow, ExecRow, GetAlert, GetEntry, ListAlerts, ListProcesses
from engine.state.lineage import OWN_SHELL
from tests.helpers.driving import NARROW, WIDE, Drive, driving
from tests.helpers.incident import WEB, host_alert, incident
from tests.helpers.sensor import NOW, World
from tui.panes.files import deeds
from tui.panes.timeline import Moment, in_runs
from tui.places import AlertPlace
from tui.widgets.page_list import PageList

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]
SHADOW = AlertPlace(4, 3, "Sensitive file read")
SECOND = 1_000_000_000


def row(num: int, ago: float, kind: str = "read", target: str = "/x", **more: object) -> EventRow:
    fields: dict[str, object] = {
        "type": "openat", "pid": 4711, "process": "cat", "result": "3", "summary": f"openat {target}", "start": 47110,
        "container_id": WEB, "target": target, "kind": kind,
    } | more  # fmt: skip
    return EventRow(num=num, time=NOW - int(ago * SECOND), **fields)  # type: ignore[arg-type]


def with_events(*rows: EventRow) -> World:
    world = incident()
    world.events = list(rows)
    world.event_owners = {one.num: (one.pid, one.start, one.container_id) for one in rows}
    return world


@pytest.mark.parametrize("size", SIZES)
async def test_the_ancestry_has_the_alert_lit_its_relatives_and_their_alerts(size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        drive.app.visit(SHADOW, "ancestry")
        await drive.until_shown("container web", "◀ docker exec", "The whole tree", "◀ this alert", "/tmp/x id")
        text = drive.pane.query_one("Details").shown.plain  # type: ignore[attr-defined]
        tree = text.split("The whole tree")[1]
        assert tree.index("└─ ") > tree.index("├─ cat /etc/shadow  ◀ this alert")
        assert "exited 1" in tree
        assert "Critical ×1" in tree
        others = text.split("Other alerts of it")[1]
        assert "+29.0 s  Drop and execute new binary in container" in others
        assert "Sensitive file read" not in others


async def test_all_tabs_share_the_alert_and_ask_for_it_once() -> None:
    async with driving(incident()) as drive:
        drive.app.visit(SHADOW)
        await drive.until_shown("Overview")
        for shown in ("Why", "The whole tree", "±60 s of its container", "First", "Image"):
            await drive.press("tab")
            await drive.until_shown(shown)
        asked = [one.alert_id for one in drive.sensor.asked if isinstance(one, GetAlert)]
        assert asked.count(SHADOW.alert_id) == 1


async def test_what_the_ancestry_needs_is_asked_for_at_the_same_time() -> None:
    async with driving(incident()) as drive:
        drive.sensor.hold(ListProcesses, ListAlerts, GetEntry)
        drive.app.visit(SHADOW, "ancestry")
        await drive.until(lambda: {ListProcesses, ListAlerts, GetEntry} <= set(map(type, drive.sensor.asked)))
        drive.sensor.release()
        await drive.until_shown("The whole tree", "◀ this alert")


@pytest.mark.parametrize("size", SIZES)
async def test_the_timeline_begins_at_the_alert(size: tuple[int, int]) -> None:
    many = [row(number, 80 - number / 10, target=f"/before/{number}") for number in range(1, 400)]
    lit = row(500, 31, target="/etc/shadow")
    other = row(501, 30, "program", "/bin/id", pid=5000, start=50_000, process="id", type="execve")
    late = row(502, -40, target="/too/late")
    async with driving(with_events(*many, lit, other, late), size) as drive:
        drive.sensor.world.alerts[3] = replace(drive.sensor.world.alerts[3], event_num=500)
        drive.app.visit(SHADOW, "timeline")
        await drive.until_shown("▶ +0.000", "+1.000", "id (5000)", "±60 s of its container")
        rows = drive.pane.query_one(PageList)
        await drive.until(lambda: rows.selected is not None and rows.selected.lit)
        assert rows.selected is not None
        assert rows.selected.priority is not None
        assert rows.total == 401
        assert "/too/late" not in drive.text()
        await drive.press("slash", *"evt.kind=program", "enter")
        await drive.until(lambda: rows.total == 1)


async def test_in_the_timeline_what_happened_over_and_over_is_one_row() -> None:
    prctls = [row(num, ago=1, kind="process", target="", type="prctl", summary="prctl") for num in range(10, 51)]
    async with driving(with_events(row(9, ago=2), *prctls, row(51, ago=0.5), row(52, ago=0.4, pid=4712))) as drive:
        drive.app.visit(SHADOW, "timeline")
        await drive.until_shown("×41")
        shown = drive.text()
        assert (shown.count(" prctl "), shown.count(" openat ")) == (1, 3), "two processes have two rows"


def moment(num: int, apart: float, priority: Priority | None = None, lit: bool = False) -> Moment:
    event = row(num, ago=-apart, kind="process", target="", type="prctl", summary="prctl")
    return Moment(event, apart, own=True, priority=priority, lit=lit, last=apart)


def test_a_run_ends_where_something_else_is_to_be_told() -> None:
    runs = [
        ([-2.0, -1.5, -1.0], [3]),
        ([-59.0, -1.0], [1, 1]),
        ([-0.2, -0.1, 0.0, 0.1], [2, 2]),
    ]
    for times, counts in runs:
        assert [one.times for one in in_runs(moment(n, apart) for n, apart in enumerate(times))] == counts
    (one,) = in_runs(moment(n, apart) for n, apart in enumerate([-2.0, -1.5, -1.0]))
    assert (one.event.num, one.apart, one.last) == (0, -2.0, -1.0)
    alone = [moment(1, -2.0), moment(2, -1.9, priority=Priority.WARNING), moment(3, -1.8), moment(4, -1.7, lit=True)]
    assert [one.times for one in in_runs([*alone, moment(5, -1.6)])] == [1] * 5


async def test_on_the_host_the_timeline_is_that_of_the_tree() -> None:
    stranger = row(2, 1, target="/elsewhere", pid=7, start=70, container_id="")
    own = row(1, 1, target="/etc/shadow", container_id="", pid=4711, start=47110)
    world = with_events(own, stranger)
    world.alerts = [replace(host_alert(), id=1)]
    for one in world.processes:
        one.container_id = ""
    async with driving(world) as drive:
        drive.app.visit(AlertPlace(1, 50, "on the host"), "timeline")
        await drive.until_shown("its process tree", "/etc/shadow")
        assert "/elsewhere" not in drive.text()


@pytest.mark.parametrize("size", SIZES)
async def test_files_programs_and_addresses_of_a_process(size: tuple[int, int]) -> None:
    events = (
        row(1, 9, "program", "/bin/cat"), row(2, 8, target="/etc/shadow"), row(3, 7, target="/etc/shadow"),
        row(4, 6, "written", "/tmp/loot"), row(5, 5, "network", "10.0.0.1:1->6.6.6.6:443"),
        row(6, 4, target="/nothing", result="ENOENT"),
    )  # fmt: skip
    async with driving(with_events(*events), size) as drive:
        drive.app.visit(SHADOW, "files")
        await drive.until_shown("/tmp/loot", "6.6.6.6:443", "/etc/shadow", "1 1 failed")
        lines = [
            line.split()[0] for line in drive.text().splitlines() if line.startswith((" pro", " net", " wri", " rea"))
        ]
        assert lines == ["program", "network", "written", "read", "read"]


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_kept_with_an_alert_is_shown_when_memory_has_nothing(size: tuple[int, int]) -> None:
    world = incident()
    tree = [one for one in world.processes if one.container_id == WEB and one.pid >= 4701]
    depths = [replace(one, depth=one.depth - 2) for one in tree]
    rows = [row(2, 30, "written", "/tmp/loot"), row(1, 31, target="/etc/shadow")]
    world.kept[4] = Around(rows=rows, processes=depths, container=world.containers[0], origin="the store", left_out=7)
    world.containers, world.processes = [], []
    async with driving(world, size) as drive:
        drive.app.visit(SHADOW, "timeline")
        await drive.until_shown("/tmp/loot", "from the store, 7 more not kept")
        drive.app.visit(SHADOW, "files")
        await drive.until_shown("/tmp/loot", "from the store")
        drive.app.visit(SHADOW, "ancestry")
        await drive.until_shown("The whole tree, as it was kept with the alert", "◀ this alert", "/tmp/x id")
        drive.app.visit(SHADOW, "container")
        await drive.until_shown("what was kept with the alert", "httpd -f")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", ["overview", "ancestry"])
async def test_how_somebody_entered_is_told(view: str, size: tuple[int, int]) -> None:
    world = incident()
    asker = AskerRow(99, 990, "docker", "docker exec -it web sh", "eve", 1000, 1000, 34816)
    asker.others, asker.more = ["docker exec web sh"], 2
    world.entries[4] = Entry(
        ExecRow(WEB, NOW, 4701, 47_010, "e" * 64, "sh -l", NOW, NOW, 137, True, "www", True, False, asker)
    )
    async with driving(world, size) as drive:
        drive.app.visit(SHADOW, view)
        await drive.until(lambda: drive.pane.query("Details"))
        shown = drive.pane.query_one("Details")
        await drive.until(lambda: "Entered from outside" in shown.shown.plain)  # type: ignore[attr-defined]
        text = shown.shown.plain  # type: ignore[attr-defined]
    for words in (
        "sh -l",
        "www",
        "exit code 137",
        "not sure: docker exec -it web sh",
        "or docker exec web sh or 2 more",
        "logged in as uid 1000",
        "by time and",
    ):
        assert words in text


async def test_the_shell_of_a_screen_was_asked_for_by_that_screen_whoever_else_spoke_to_docker() -> None:
    world = incident()
    asker = AskerRow(99, 990, "docker", "docker rm other", "eve", 1000, 1000, 34816)
    row = ExecRow(WEB, NOW, 4701, 47_010, "e" * 64, "sh -l", NOW, NOW, 137, True, "www", True, False, asker)
    (alert,) = (one for one in world.alerts if one.id == 4)
    alert.entry, world.entries[4] = OWN_SHELL, Entry(row)
    async with driving(world, WIDE) as drive:
        drive.app.visit(SHADOW, "overview")
        await drive.until_shown("Asked by    a screen of Tiercel")
        assert "docker rm other" not in drive.text()


@pytest.mark.parametrize("size", SIZES)
async def test_how_a_container_was_started_is_told(size: tuple[int, int]) -> None:
    world = incident()
    agent = next(row for row in world.containers if row.info.name == "agent")
    world.entries[4] = Entry(container=agent)
    async with driving(world, size) as drive:
        drive.app.visit(SHADOW, "ancestry")
        await drive.until_shown("Container started", "privileged", "docker.sock mounted", "no process was seen")


async def test_without_docker_entries_are_those_of_the_kernel() -> None:
    world = incident()
    world.containers[0] = replace(world.containers[0], execs=0, last_exec=0, entries=2, last_entry=NOW)
    async with driving(world) as drive:
        drive.app.visit(SHADOW, "container")
        await drive.until_shown("2 times", "as the kernel saw it")


@pytest.mark.parametrize("size", SIZES)
async def test_why_nothing_is_kept_is_said(size: tuple[int, int]) -> None:
    async with driving(with_events(), size) as drive:
        drive.app.visit(SHADOW, "timeline")
        await drive.until_shown("Nothing was kept: the sensor was killed.")


def test_deeds_are_counted_by_kind_and_target() -> None:
    found = deeds([row(1, 9), row(2, 8), row(3, 7, "written"), row(4, 6, "process", ""), row(5, 5, result="EACCES")])
    assert [(deed.kind, deed.target, deed.times, deed.failed) for deed in found] == [
        ("written", "/x", 1, 0),
        ("read", "/x", 3, 1),
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("view", "shown"),
    [
        ("container", ("bbp:1", "team=shop", "httpd -f")),
        ("rule", ("rules/containers.yaml:41", "open_read and", "Credentials from Password Stores")),
    ],
)
async def test_what_an_alert_is_about(view: str, shown: tuple[str, ...], size: tuple[int, int]) -> None:
    async with driving(incident(), size) as drive:
        drive.app.visit(SHADOW, view)
        await drive.until_shown(*shown)


async def test_a_container_that_is_gone_is_told_from_the_alert() -> None:
    world = incident()
    world.containers, world.rules, world.processes = [], [], []
    async with driving(world) as drive:
        drive.app.visit(SHADOW, "container")
        await drive.until_shown("no longer known", "web", WEB)
        drive.app.visit(SHADOW, "rule")
        await drive.until_shown("No rule of this name", "https://attack.mitre.org/techniques/T1555/")
        drive.app.visit(SHADOW, "ancestry")
        await drive.until_shown("◀ docker exec")
        assert "The whole tree" not in drive.text()


async def test_an_alert_of_the_sensor_itself_has_no_rule() -> None:
    world = incident()
    for alert in world.alerts:
        alert.rule = DROP_RULE
    async with driving(world) as drive:
        drive.app.visit(SHADOW, "rule")
        await drive.until_shown("No rule makes this alert", "Health (6)")


def tabs(drive: Drive) -> str:
    return drive.text().splitlines()[1]


async def test_a_narrow_line_has_the_tabs_around_the_one_in_front() -> None:
    async with driving(incident(), NARROW) as drive:
        drive.app.visit(SHADOW)
        await drive.until_shown("Overview")
        assert "›" in tabs(drive)
        for name in ("Why", "Ancestry", "Timeline", "Files & net", "Container", "Rule", "JSON", "Repeats"):
            await drive.press("tab")
            assert name in tabs(drive)
            assert "Sensitive file read" in tabs(drive) or "…" in tabs(drive)
        assert "‹" in tabs(drive)


async def test_a_click_on_the_sign_shows_the_next_tab() -> None:
    async with driving(incident(), NARROW) as drive:
        drive.app.visit(SHADOW)
        await drive.until_shown("Overview")
        await drive.pilot.click("TabLine", offset=(tabs(drive).rindex("›"), 0))
        await drive.until(lambda: drive.frame.index > 0)
