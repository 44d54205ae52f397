"""The JSON that falcosidekick and other readers of Falco's output take."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerts import Alert, Ancestor, ContainerRef, Priority, Value
from engine.scrub import is_clean
from engine.sinks.falco_json import json_line, text_line, to_falco, utc
from engine.sinks.form import Form
from tests.helpers.clocks import timezone
from tests.helpers.sample_alerts import alert

HOSTILE = "\x1b]52;c;x\x07\x9b31m\x7f\u202e\n\u2028\U000e0041"
FALCO_KEYS = ["hostname", "output", "output_fields", "priority", "rule", "source", "tags", "time"]


def with_fields(**fields: Value) -> Alert:
    return msgspec.structs.replace(
        alert(), output_fields={name.replace("__", "."): value for name, value in fields.items()}
    )


def test_the_object_has_falcos_keys_and_one_of_ours_sorted() -> None:
    line = json_line(alert(tags=("T1003", "container", "A")))
    value = json.loads(line)
    assert list(value) == sorted([*FALCO_KEYS, "tiercel"])
    assert list(value["output_fields"]) == sorted(value["output_fields"])
    assert value["tags"] == ["A", "T1003", "container"]
    assert value["output"] == (
        "00:04:05.123456789: Warning Sensitive file read (file=/etc/shadow command=cat /etc/shadow)"
    )
    assert (value["time"], value["priority"], value["source"]) == (
        "2026-01-01T00:04:05.123456789Z",
        "Warning",
        "syscall",
    )
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1


def test_our_key_tells_the_way_in_and_the_lineage() -> None:
    ours = to_falco(alert())["tiercel"]
    assert (ours["entry"], ours["target"]) == ("docker exec", "/etc/shadow")
    assert ours["container"] == {
        "id": "3f" * 32,
        "name": "web",
        "image": "registry.example/shop/web:1.4",
        "privileged": False,
    }
    assert [step["name"] for step in ours["lineage"]] == ["cat", "sh", "systemd"]
    assert to_falco(alert(container=None))["tiercel"]["container"] is None


def test_values_keep_their_types_and_missing_ones_are_null() -> None:
    value = json.loads(json_line(with_fields(proc__pid=1, proc__tty=34817, a=True, b=None, c=["x", "y"], d=1.5)))
    assert value["output_fields"] == {
        "evt.time": alert().time,
        "proc.pid": 1,
        "proc.tty": 34817,
        "a": True,
        "b": None,
        "c": ["x", "y"],
        "d": 1.5,
    }


def falcosidekick_accepts(payload: dict[str, object]) -> bool:
    """falcosidekick's own conditions: types.FalcoPayload.Check, and the assertions in handlers.go that would panic."""
    fields = payload["output_fields"]
    assert isinstance(fields, dict)
    kubernetes = [fields.get("k8s.ns.name"), fields.get("k8s.pod.name")]
    return (
        payload["priority"] in {level.label for level in Priority}
        and bool(payload["rule"])
        and bool(datetime.fromisoformat(str(payload["time"])))
        and bool(fields)
        and all(value is None or isinstance(value, str) for value in kubernetes)
    )


@pytest.mark.parametrize(
    "one",
    [alert(), with_fields(), with_fields(k8s__ns__name=None, k8s__pod__name=7), with_fields(k8s__ns__name="shop")],
)
def test_falcosidekick_takes_it(one: Alert) -> None:
    payload = json.loads(json_line(one))
    assert falcosidekick_accepts(payload)
    assert all(isinstance(v, str) for name, v in payload["output_fields"].items() if name.startswith("k8s."))


@pytest.mark.parametrize("priority", list(Priority))
def test_priorities_have_falcos_words(priority: Priority) -> None:
    words = ["Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"]
    assert to_falco(alert(priority=priority))["priority"] == words[priority]


def test_hostile_text_is_told_exactly_and_drives_no_terminal() -> None:
    line = json_line(alert(process=HOSTILE, args="naïve 日本", container=ContainerRef(id="c", name=HOSTILE)))
    assert is_clean(line.decode().removesuffix("\n"))
    assert "naïve 日本" in line.decode()
    value = json.loads(line)
    assert value["tiercel"]["container"]["name"] == HOSTILE
    assert value["output_fields"]["proc.cmdline"] == f"{HOSTILE} naïve 日本"


def test_lone_surrogates_become_replacement_characters() -> None:
    value = json.loads(json_line(alert(process="x\udcff")))
    assert value["tiercel"]["lineage"][0]["name"] == "x\ufffd"


@pytest.mark.parametrize(("place", "shown"), [("UTC", "00:04:05"), ("CET-1", "01:04:05"), ("EST5", "19:04:05")])
def test_a_line_begins_with_local_time_unless_it_is_iso_8601(place: str, shown: str) -> None:
    with timezone(place):
        local, utc = text_line(alert()).decode(), text_line(alert(), Form(iso_8601=True)).decode()
        assert json.loads(json_line(alert()))["time"] == "2026-01-01T00:04:05.123456789Z"
    assert local.startswith(f"{shown}.123456789: Warning ")
    assert utc.startswith("2026-01-01T00:04:05.123456789+0000: Warning ")


def test_the_text_line_is_one_visible_line() -> None:
    line = text_line(alert(process="evil\n\x1b[2J")).decode()
    assert line.startswith("00:04:05.123456789: Warning Sensitive file read")
    assert r"evil\n\u001b[2J" in line
    assert is_clean(line.removesuffix("\n"))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(text=TEXT, fields=st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT))
def test_any_alert_comes_back_from_its_line_unchanged(text: str, fields: dict[str, Value]) -> None:
    one = msgspec.structs.replace(
        alert(), output=text, output_fields=fields, lineage=[Ancestor(pid=1, start=2, name=text, cmdline=text)]
    )
    line = json_line(one).decode()
    assert is_clean(line.removesuffix("\n"))
    assert json.loads(line) == to_falco(one)


@given(st.integers(-(2**62), 2**63 - 1))
def test_times_are_utc_with_nine_decimals(time: int) -> None:
    shown = utc(time)
    seconds = datetime.fromisoformat(f"{shown[:19]}+00:00").astimezone(UTC).timestamp()
    assert int(seconds) * 10**9 + int(shown[20:29]) == time
