"""Keys from the configuration: what is refused with its place; every face of the screen shows those in force."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import parse, read
from engine.protocol import LogLine
from tests.helpers.driving import NARROW, WIDE, driving
from tests.helpers.incident import WEB, incident
from tests.helpers.keys.checks import alerts_shown, listing
from tests.helpers.sensor import healthy
from tui.actions import VIEWS, actions_of
from tui.dialogs.help import help_text
from tui.keys.keymap import IDS, TOGETHER, Keys, key_lines, settle


def settled(text: str) -> tuple[dict[str, str], list[str]]:
    keys, faults = settle(read(parse("t.yaml", text.encode())).config.keys)
    return keys.changed, [f"{fault.mark}: {fault.message} – {fault.hint}" for fault in faults]


def test_keys_are_written_as_they_are_typed_or_by_name() -> None:
    text = """
keys:
  alerts.acknowledge: [A, f5]
  alerts:
    state: ctrl+s
    rule: shift+r
  list.open: enter,Q
  list.top: "/"
  containers.filter: "f"
  everywhere.view(1): "7"
"""
    changed, faults = settled(text.replace('  list.top: "/"\n', ""))
    assert faults == []
    assert changed == {
        "alerts.acknowledge": "A,f5",
        "alerts.state": "ctrl+s",
        "alerts.rule": "R",
        "list.open": "enter,Q",
        "containers.filter": "f",
        "everywhere.view(1)": "7",
    }


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (
            "alerts.acknowlege: A",
            "t.yaml:2:3: there is no action 'alerts.acknowlege' – did you mean alerts.acknowledge?",
        ),
        ("alerts.rule: entre", "t.yaml:2:16: 'entre' is no key – did you mean enter?"),
        ("alerts.rule: hold+r", "t.yaml:2:16: 'hold+r' is no key – as in a, A, /, f5, ctrl+s, shift+up, space, enter"),
        (
            "alerts.rule: a",
            "t.yaml:2:16: alerts.rule and alerts.acknowledge would both have the key a – take another",
        ),
        ("alerts.rule: j", "t.yaml:2:16: alerts.rule and list.down would both have the key j – take another"),
        ("logs.stamps: n", "t.yaml:2:16: logs.stamps and search.next_match would both have the key n – take another"),
        ("list.mark: at", "t.yaml:2:14: list.mark and time.time_jump would both have the key @ – take another"),
        ('alerts.rule: "?"', "t.yaml:2:16: alerts.rule and everywhere.help would both have the key ? – take another"),
        ("filter.complete: x", "t.yaml:2:20: in a filter this key would be typed – take one with ctrl, or F1 to F12"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_the_rest_is_in_force(line: str, fault: str) -> None:
    changed, faults = settled(f"keys:\n  {line}\n  rules.reload: f9\n")
    assert changed == {"rules.reload": "f9"}
    assert faults == [fault]


def test_two_actions_can_change_their_keys_with_each_other() -> None:
    assert settled("keys: {alerts.acknowledge: s, alerts.state: a}") == (
        {"alerts.acknowledge": "s", "alerts.state": "a"},
        [],
    )


def test_both_rows_of_a_clash_are_told_and_have_no_effect() -> None:
    changed, faults = settled("keys:\n  alerts.acknowledge: f9\n  alerts.state: f9\n")
    assert changed == {}
    assert [fault.split(": ", 1)[1].split(" would")[0] for fault in faults] == [
        "alerts.acknowledge and alerts.state",
        "alerts.state and alerts.acknowledge",
    ]


@given(st.dictionaries(st.sampled_from(sorted(IDS)), st.sampled_from(["a", "s", "j", "f9", "Q", "slash"]), max_size=8))
def test_whatever_is_written_no_new_key_means_two_things(wanted: dict[str, str]) -> None:
    """Held against the plain definition: keys of all pairs, view by view."""
    rows = "\n".join(f"  {id}: {key}" for id, key in wanted.items())
    keys, faults = settle(read(parse("t.yaml", f"keys:\n{rows}\n".encode() if rows else b"")).config.keys)
    assert len(faults) + len(keys.changed) == len(wanted)
    for views in TOGETHER:
        ids = [f"{view}.{action.id}" for view in views for action in actions_of(view)]
        for key in ("a", "s", "j", "f9", "Q", "slash"):
            having = {id for id in ids if key in keys.changed.get(id, IDS[id].keys).split(",")}
            if having & set(keys.changed):
                by_table = {id for id in having if key in IDS[id].keys.split(",")}
                assert len(having) == 1 or having == by_table, (key, having)


def test_every_view_is_together_with_others() -> None:
    assert {view for views in TOGETHER for view in views} == set(VIEWS)


def test_the_help_and_the_list_show_the_keys_in_force() -> None:
    keys = Keys({"alerts.acknowledge": "A,f5"})
    assert "A f5" in help_text(keys).plain
    (line,) = [line for line in key_lines(keys) if line.startswith("alerts.acknowledge ")]
    assert line.split()[1:4] == ["Alerts", "A", "f5"]
    assert len(key_lines(keys)) == len(IDS)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_key_from_the_configuration_works_and_is_shown(size: tuple[int, int]) -> None:
    keys = Keys({"alerts.acknowledge": "A", "alerts.clear": "f7", "everywhere.view(2)": "W", "list.down": "ctrl+n"})
    async with driving(incident(), size, keys) as drive:
        await alerts_shown(drive)
        await drive.until_shown("A ack", "W Containers")
        assert "a ack" not in drive.text()
        await drive.press("ctrl+n")
        assert listing(drive).cursor == 1
        await drive.press("a", "j")
        assert (listing(drive).cursor, drive.sensor.acknowledged) == (1, set())
        await drive.press("A")
        await drive.until(lambda: drive.sensor.acknowledged == {5})
        await drive.press("slash", *"shadow", "enter")
        await drive.until_shown("f7 clears")
        await drive.press("f7")
        await drive.until_gone("f7 clears")
        commands = {command.title: command.help for command in drive.app.get_system_commands(drive.app.screen)}
        assert commands["Acknowledge, or take it back"] == "key A"
        await drive.press("W")
        await drive.until_shown("postgres:15")


async def test_what_is_wrong_with_keys_is_said_on_the_screen() -> None:
    async with driving(incident(), faults=["t.yaml:2:3: there is no action 'alerts.ack'"]) as drive:
        await drive.until_shown("This key is as it was", "t.yaml:2:3: there is no action", "'alerts.ack'")


@pytest.mark.parametrize(("count", "left"), [(3, ""), (4, ""), (7, "… and 3 more: `tiercel keys` tells all")])
async def test_all_that_is_wrong_with_keys_is_read_on_a_small_screen(count: int, left: str) -> None:
    place = "/home/somebody/.config/tiercel/tiercel.yaml"
    faults = [f"{place}:{n}:3: there is no action 'alerts.acknowledgement{n}'" for n in range(1, count + 1)]
    async with driving(incident(), NARROW, faults=faults) as drive:
        told = [f"acknowledgement{n}'" for n in range(1, min(count, 4) + 1)]
        await drive.until_shown(f"{count} keys are as they were", *told, left)


async def test_hints_name_the_keys_in_force() -> None:
    changed = {"everywhere.view(6)": "f6", "everywhere.view(4)": "f4", "everywhere.quit": "Q", "logs.pause": "f7"}
    world = incident()
    world.logs[WEB] = [LogLine(number, 0, f"line {number}") for number in range(1, 100)]
    async with driving(world, WIDE, Keys({**changed, "logs.follow": "f8"})) as drive:
        await drive.press("f4")
        await drive.until_shown("f4 on a container or a process: its own")
        await drive.press("2")
        await drive.until_shown("bbp:1")
        await drive.press("l")
        await drive.until_shown("▼ following")
        await drive.press("f7")
        await drive.until_shown("‖ paused   f7 goes on")
        await drive.press("f7", "home")
        await drive.until_shown("f8 follows")
        await drive.press("escape")
        world.containers.clear()
        drive.sensor.pulse(changed=["containers"], health=healthy(runtime=""))
        await drive.until_shown("f6 Health says why")
        drive.sensor.vanish()
        await drive.until_shown("Q quits")
