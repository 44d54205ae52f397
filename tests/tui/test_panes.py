"""What single views say, and how one gets from one to the other."""

from __future__ import annotations

import msgspec
import pytest

from engine.events import ContainerInfo, Phase
from engine.protocol import ContainerRow, DroppedRow, EventRow, KeptRow
from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import AGENT, DB, WEB, incident
from tests.helpers.sensor import NOW, World, healthy
from tests.helpers.views import empty, settled
from tui.panes.alerts import AlertsPane
from tui.places import ContainerPlace, EventsPlace, RulePlace
from tui.widgets.page_list import PageList

SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="160x50")]


async def test_the_alert_tells_its_story_at_a_glance() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        await drive.press("down", "down", "down")
        await drive.until_shown("web ▸ docker exec ▸ sh pts/0 ▸ cat /etc/shadow")
        text = drive.text()
        story = ["host  systemd › containerd-shim", "container web (bbp:1)", "sh  ◀ docker exec", "└▶ cat /etc/shadow"]
        places = [text.index(part) for part in story]
        assert places == sorted(places)
        for fact in ("root (0)", "pts/0", "2026-", "Why it matters"):
            assert fact in text


async def test_drilling_down_from_the_container_list_to_a_process_and_its_events() -> None:
    async with driving(incident()) as drive:
        await drive.press("2")
        await drive.until_shown("bbp:1")
        await drive.press("enter")
        await drive.until(lambda: drive.frame.trail == ["Containers", "web"])
        await drive.until_shown("exited 0")
        await drive.press("down", "down", "down", "enter")
        await drive.until(lambda: drive.frame.trail == ["Containers", "web", "cat (4711)"])
        await drive.until_shown("sh › cat", "exited 0")
        await drive.press("tab")
        await drive.until_shown("Sensitive file read")
        await drive.press("tab")
        await drive.until_shown("/etc/shadow  read")
        await drive.press("escape", "tab", "tab", "tab")
        await drive.until_shown("/bin/18211", "/tmp/x", "touch (4711) ← sh ← docker exec")


async def test_keys_typed_ahead_go_where_they_are_meant_to() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        for key in ("enter", "escape", "3", "end", "2", "1", "enter", "a"):
            drive.app.simulate_key(key)
        await drive.until(lambda: drive.frame.trail == ["Alerts", "Drop and execute new binary in container"])
        await drive.until(lambda: {*drive.sensor.states} == {6})
        await drive.press("escape")
        assert drive.frame.title_in_trail == "Alerts"


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5"])
async def test_a_filter_that_matches_nothing_says_so_and_goes_on_saying_so(key: str) -> None:
    async with driving(incident()) as drive:
        await drive.press(key)
        await drive.until(lambda: drive.pane.query_one(PageList).total)
        await drive.press("slash", *"zzz", "enter")
        await drive.until_shown("Nothing matches the filter.", "esc clears it, / edits it")
        drive.frame.ticked()
        drive.pane.wake()
        await settled(drive)
        assert "Nothing matches the filter." in drive.text()


async def test_a_filter_of_alerts_says_why_the_list_is_empty_before_anything_else_happens() -> None:
    async with driving(incident()) as drive:
        await drive.until_shown("/tmp/x id")
        pane = drive.pane
        assert isinstance(pane, AlertsPane)
        pane.apply_filter("rule=nosuch")
        assert "".join(text for text, _ in pane.list.placeholder).startswith("Nothing matches")


async def test_a_difference_that_cannot_be_asked_for_is_not_an_empty_one() -> None:
    world = incident()
    world.changes_problem = "no container runtime to ask"
    async with driving(world) as drive:
        drive.app.visit(ContainerPlace(WEB, "web"))
        await drive.press("tab", "tab", "tab")
        await drive.until_shown("No container runtime to ask")
        drive.frame.ticked()
        await settled(drive)
        assert "Nothing differs" not in drive.text()
        world.changes_problem = ""
        drive.pane.wake()
        await drive.until_shown("/bin/18211")
        assert "o container runtime" not in drive.text()


async def test_only_what_can_be_opened_is_offered() -> None:
    async with driving(incident()) as drive:
        drive.app.visit(ContainerPlace(WEB, "web"))
        await drive.press("tab", "tab")
        await drive.until_shown("/etc/shadow  read")
        await drive.until_gone("⏎ open")
        await drive.press("tab")
        await drive.until_shown("/bin/18211", "⏎ open")
        await drive.press("end")
        await drive.until_gone("⏎ open")


@pytest.mark.parametrize("size", SIZES)
async def test_an_event_is_told_without_repetition(size: tuple[int, int]) -> None:
    world = incident()
    world.events[2].summary = f"openat /etc/{'deep/' * 40} O_RDONLY → 3"
    world.events[1].summary = "openat /etc/ld.so.preload → ENOENT"
    async with driving(world, size) as drive:
        drive.app.visit(EventsPlace("web", container_id=WEB))
        await drive.until_shown("/etc/deep", "ld.so")
        lines = drive.text().splitlines()
        missing = next(line for line in lines if "ld.so" in line)
        assert (missing.count("openat"), missing.count("ENOENT")) == (1, 1)
        assert next(line for line in lines if "/etc/deep" in line).endswith("…")


@pytest.mark.parametrize("count", [199, 200, 201])
async def test_a_list_of_events_that_is_cut_off_says_so(count: int) -> None:
    world = incident()
    world.events = [
        EventRow(number, NOW - number, "openat", 4711, "cat", "3", f"openat /f/{number}") for number in range(count)
    ]
    async with driving(world) as drive:
        await drive.press("4")
        await drive.until_shown("/f/190")
        drive.app._tick()
        await (drive.until_shown("; the latest 200") if count >= 200 else drive.quiet())
        assert ("; the latest 200" in drive.text()) == (count >= 200)


async def test_a_rule_that_cannot_be_judged_has_a_sign_and_says_why() -> None:
    world = incident()
    rule = next(row for row in world.rules if row.enabled)
    rule.unserved = "evt.latency: only the end of a system call is captured"
    async with driving(world) as drive:
        await drive.press("5")
        await drive.until_shown(rule.name[:20], "✗")
        drive.app.visit(RulePlace(rule.name))
        await drive.until_shown("✗ It cannot be judged here: evt.latency: only the end")


async def test_the_footer_always_has_help_and_quit() -> None:
    async with driving(incident(), NARROW) as drive:
        await drive.until_shown("⏎ open / filter a ack", "c container", "? more q quit")
        assert "b bundle" not in drive.text()
        await drive.pilot.resize_terminal(*WIDE)
        await drive.until_shown("b bundle", "? help q quit")


async def test_the_tabs_of_a_drill_down_have_room_beside_any_trail() -> None:
    async with driving(incident(), NARROW) as drive:
        for container, title in ((WEB, "web"), (DB, "a-container-with-quite-a-long-name"), (AGENT, "x" * 300)):
            drive.app.visit(ContainerPlace(container, title))
            await drive.until_shown("Processes  Alerts  Events  Changes  Logs  Inspect  Image")
            line = drive.text().splitlines()[1]
            assert title[:15] in line
        assert "…" in line
        drive.app.go_back(2)
        await drive.until_shown("Alerts › web   Processes")
        await drive.pilot.click("TabLine", offset=(2, 0))
        await drive.until_shown("1 Alerts")


async def test_before_a_replay_begins_there_is_no_time_and_no_claim() -> None:
    async with driving(World(health=healthy(phase=Phase.REPLAYING, time=0, alerts=0)), NARROW) as drive:
        await drive.until_shown("No alert yet: the recording is being replayed.")
        assert "00:00:0" not in drive.text()
        drive.sensor.pulse(health=healthy(phase=Phase.ENDED, alerts=0))
        await drive.until_shown("The recording has ended and raised no alert.")


async def test_a_click_on_a_key_presses_it() -> None:
    async with driving(incident(), NARROW) as drive:
        await drive.until_shown("? more q quit")
        line = drive.text().splitlines()[-1]
        await drive.pilot.click(offset=(line.index("? more") + 3, NARROW[1] - 1))
        await drive.until_shown("─ Keys ─")


async def test_a_container_entered_once_says_once() -> None:
    async with driving(incident()) as drive:
        drive.app.visit(ContainerPlace(WEB, "web"))
        await drive.press("shift+tab", "shift+tab")
        await drive.until_shown("once, last 20")


@pytest.mark.parametrize(
    ("runtime", "words"),
    [
        ("containerd", "containerd, unknown"),
        ("docker", "another docker's"),
        ("", "another runtime's"),
    ],
)
async def test_a_container_of_another_daemon_says_whose_it_is(runtime: str, words: str) -> None:
    world = incident()
    info = ContainerInfo(id="5e" * 32, time=1, name="5e5e5e5e5e5e", runtime=runtime, complete=False)
    world.containers.append(ContainerRow(info=info, unknown=True))
    async with driving(world) as drive:
        await drive.press("2")
        await drive.until_shown("5e5e5e5e5e5e", words)
        drive.app.visit(ContainerPlace(info.id, info.name), "inspect")
        await drive.until_shown("only what the kernel tells of it is known")


async def test_alerts_that_could_not_be_counted_are_not_none() -> None:
    world = incident()
    world.containers = [msgspec.structs.replace(row, alerts={}, uncounted=True) for row in world.containers]
    async with driving(world, WIDE) as drive:
        await drive.press("2")
        await drive.until_shown("not known")


async def test_without_docker_an_empty_list_of_containers_says_so() -> None:
    world = empty()
    world.health = healthy(runtime="", containers=0)
    async with driving(world) as drive:
        await drive.press("2")
        await drive.until_shown("Docker is not reached", "6 Health says why")


async def test_the_rows_stand_still_when_something_is_said_above_them() -> None:
    async with driving(incident()) as drive:
        await drive.press("5")
        await drive.until_shown("Terminal shell in container")
        before = drive.text().splitlines().index(next(line for line in drive.text().splitlines() if "Hits" in line))
        for keys in (("space",), ("slash", "s"), ("enter",), ("escape",)):
            await drive.press(*keys)
            await settled(drive)
            assert "Hits" in drive.text().splitlines()[before], keys


async def test_without_colour_letters_and_signs_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driving(incident()) as drive:
        await drive.until_shown(" C ", " E ", " W ", " N ", "● live")
        assert drive.app.no_color


async def test_the_health_view_has_losses_and_remedies() -> None:
    world = incident()
    world.health = healthy(
        phase=Phase.LIVE,
        lost=1234,
        lost_by_cause={"ring full": 1200, "over its share of the kernel buffer": 34},
        lost_by_container={"web": 1200, "": 34},
        problems=world.health.problems,
        rule_problems=["rules/a.yaml:4:7: there is no field 'proc.nmae'"],
        bounds={"ancestors left out": 4321},
        alerts_kept=99_999,
        dropped=[
            DroppedRow("Shell", "web", "sh", "room", 3_402_113, NOW, NOW),
            DroppedRow("", "", "", "age", 5, NOW, NOW),
        ],
        kept=[KeptRow("what surrounds alerts", 12 << 20, 512 << 20), KeptRow("evidence of responses", 0, 1 << 30)],
    )
    async with driving(world) as drive:
        await drive.press("6")
        await drive.until_shown("1,234 events lost", "ring full", "1,200", "it is tried again", "rules/a.yaml:4:7")
        await drive.until_shown("over its share of the kernel buffer  ")
        await drive.until_shown("Bounds reached", "ancestors left out", "4,321")
        await drive.until_shown("Alerts that were dropped", "3,402,113  Shell · web · sh  for want of room, since 20")
        await drive.until_shown("Kept on the disk", "12M  what surrounds alerts  512M at most")
        assert "lost 1.2k" in drive.text()
        assert "evidence of responses" not in drive.text()


async def test_costs_of_rules_come_also_where_no_pulse_tells_of_them() -> None:
    world = incident()
    for row in world.rules:
        row.cost = row.kept_back = -1.0
        row.event_types = ["openat"]
    async with driving(world, WIDE) as drive:
        await drive.press("5")
        await drive.until_shown("Cost", "Sensitive file read")
        await drive.settled()
        for row in world.rules:
            row.cost = 61.0
        drive.app._tick()
        await drive.until_shown("61ns")
