"""Bundles of an incident: whole, private, the same again, and harmless whatever is in them."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.alerts import Priority
from engine.bundles.bundle import SUMS, Material, files, name_of, span, write
from engine.errors import TiercelError
from engine.events import ContainerInfo
from engine.protocol import Change, ContainerRow, EventRow, LogLine, ProcessRow, RuleRow
from tests.helpers.sample_alerts import MOMENT, alert


def material(**more: object) -> Material:
    seen = alert()
    event = EventRow(1, MOMENT, "openat", 4711, "cat", "3", "openat /etc/shadow")
    whole = Material(
        alert=seen,
        made=MOMENT,
        who="anna",
        alerts=[seen, seen],
        ancestry=["host", "└▶ cat /etc/shadow"],
        timeline=[event],
        changes=[Change("A", "/bin/x")],
        logs=[LogLine(1, MOMENT, "GET / 200"), LogLine(2, MOMENT + 1_000_000, "died", error=True)],
        next_steps=["docker logs web"],
        missing={"older logs": "not read"},
    )
    return replace(whole, **more)


def test_the_summary_tells_it_all_and_the_files_have_the_rest() -> None:
    found = files(material())
    text = found["summary.md"].decode()
    for part in (
        "`Sensitive file read`",
        "00:04:05.123456 UTC",
        "└▶ cat /etc/shadow",
        "openat /etc/shadow",
        "A /bin/x",
        "* T1003: `OS Credential Dumping https://attack.mitre.org/techniques/T1003/`",
    ):
        assert part in text
    assert "docker logs web" in text and "older logs: not read" in text and "by anna" in text
    assert json.loads(found["alert.json"])["rule"] == "Sensitive file read"
    assert [json.loads(line)["rule"] for line in found["alerts.jsonl"].splitlines()] == ["Sensitive file read"] * 2
    assert json.loads(found["sensor.json"])["missing"] == {"older logs": "not read"}
    assert found["logs.txt"].decode().splitlines()[1] == "2026-01-01T00:04:05.124456Z  stderr  died"
    assert "stdout  GET / 200" in text
    assert "why.txt" not in found  # nobody could tell


def test_of_many_events_the_summary_has_those_nearest_to_the_alert() -> None:
    rows = [EventRow(n, MOMENT + n - 500, "openat", 1, "cat", "3", f"openat /n/{n:04}") for n in range(1000)]
    found = files(material(timeline=rows))
    shown = [int(number) for number in re.findall(r"/n/([0-9]{4})", found["summary.md"].decode())]
    assert shown == sorted(shown) and len(shown) == 40 and {499, 500, 501} < {*shown}
    assert "… and 960 more in the files." in found["summary.md"].decode()
    assert found["timeline.jsonl"].count(b"\n") == 1000


def test_what_else_its_process_tree_raised_is_in_the_summary_and_in_a_file() -> None:
    dropped = replace(alert("Drop and execute new binary"), target="/tmp/x", time=MOMENT + 7_000_000_000)
    found = files(material(kin=[dropped], tree_text=["sh", "└─ x id"]))
    summary = found["summary.md"].decode().split("## Other alerts of the same process tree")[1].split("##")[0]
    assert "00:04:12.123456" in summary and "Drop and execute new binary" in summary and "/tmp/x" in summary
    assert [json.loads(line)["rule"] for line in found["related.jsonl"].splitlines()] == [dropped.rule]
    assert found["ancestry.txt"] == "sh\n└─ x id\n".encode()


def test_around_the_alert_stands_what_its_own_tree_did() -> None:
    shell = ProcessRow(4700, 1, 0, 0, "sh", "sh", "/bin/sh", "root", 0, 0, 1, "", "", 0)
    chatter = [EventRow(n, MOMENT, "openat", 9, "date", "3", f"openat /n/{n}", start=9) for n in range(100)]
    own = EventRow(200, MOMENT - 60 * 10**9, "openat", 4700, "sh", "3", "openat /etc/passwd", start=1)
    fork = EventRow(201, MOMENT, "clone", 4700, "sh", "7", "clone", start=1)
    text = files(material(timeline=[own, *chatter, fork], tree=[shell]))["summary.md"].decode()
    assert "openat /etc/passwd" in text and "/n/" not in text and "clone" not in text
    assert "… and 101 more in the files." in text


def test_what_was_brought_along_and_run_stands_first_among_the_changes() -> None:
    many = [Change("A", f"/usr/{n:03}") for n in range(100)]
    ran = Change("A", "/tmp/x", MOMENT, "cp (7) ← sh", executed=MOMENT + 2 * 10**9)
    alerted = Change("A", "/bin/y", MOMENT, "touch (8) ← sh", alert_id=3)
    found = files(material(changes=[*many, alerted, ran]))
    lines = found["summary.md"].decode().split("## Changed in the container\n\n```\n")[1].splitlines()
    assert lines[0] == "A /tmp/x  00:04:05  cp (7) ← sh  executed 00:04:07"
    assert lines[1] == "A /bin/y  00:04:05  touch (8) ← sh  raised an alert"
    assert found["diff.txt"].decode().splitlines()[0] == "A /usr/000"


def test_times_of_another_zone_say_so() -> None:
    found = files(material(zone="CET (UTC+01:00)"))
    assert "times of CET (UTC+01:00); in all else UTC\nhost\n" in found["summary.md"].decode()
    assert found["ancestry.txt"].decode().startswith("times of CET (UTC+01:00); in all else UTC\n")


def test_a_container_whose_name_came_after_the_alert_has_it() -> None:
    seen = alert()
    assert seen.container is not None
    early = replace(seen, container=replace(seen.container, name="", image=""))
    row = ContainerRow(ContainerInfo(seen.container.id, MOMENT, name="late", image="shop:1"))
    made = material(alert=early, container=row)
    assert f"* Container: `late ({seen.container.id[:12]}, shop:1)`" in files(made)["summary.md"].decode()
    assert name_of(made).endswith("-late")
    assert "`? (" in files(material(alert=early))["summary.md"].decode()


def test_priorities_are_words_in_every_file() -> None:
    rule = RuleRow("Sensitive file read", Priority.WARNING, True, 1, MOMENT, [], "", "", "", "a.yaml", 1)
    shell = ProcessRow(7, 1, 0, 0, "sh", "sh", "", "root", 0, 0, 1, "", "", 0, worst=Priority.CRITICAL)
    found = files(material(rule=rule, processes=[shell]))
    assert json.loads(found["rule.json"])["priority"] == "Warning"
    assert json.loads(found["processes.jsonl"])["worst"] == "Critical"


def test_the_sums_are_those_of_the_files() -> None:
    found = files(material())
    sums = dict(line.split("  ")[::-1] for line in found.pop(SUMS).decode().splitlines())
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}


def test_folder_and_archive_hold_the_same_for_the_owner_alone(tmp_path: Path) -> None:
    folder = write(material(), tmp_path / "made")
    assert folder.name == "20260101T000405Z-sensitive-file-read-web"
    archive = folder.with_name(f"{folder.name}.tar.zst")
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(archive.read_bytes())
    with tarfile.open(fileobj=io.BytesIO(plain)) as packed:
        held = {entry.name: packed.extractfile(entry).read() for entry in packed}  # type: ignore[union-attr]
    assert held == {f"{folder.name}/{path.name}": path.read_bytes() for path in folder.iterdir()}
    assert {path.stat().st_mode & 0o777 for path in (*folder.iterdir(), archive)} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_nothing_is_overwritten_and_the_same_material_makes_the_same_bytes(tmp_path: Path) -> None:
    first, second = write(material(), tmp_path), write(material(), tmp_path)
    assert second.name == f"{first.name}-2"
    assert [path.read_bytes() for path in sorted(first.iterdir())] == [
        path.read_bytes() for path in sorted(second.iterdir())
    ]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TiercelError, match="the bundle cannot be written"):
        write(material(), tmp_path / "file")


@given(rule=st.text(max_size=40), container=st.text(max_size=20))
def test_a_name_stays_in_its_folder(rule: str, container: str) -> None:
    seen = alert(rule)
    assert seen.container is not None
    hostile = replace(seen, container=replace(seen.container, name=container))
    assert re.fullmatch(r"[0-9]{8}T[0-9]{6}Z-[a-z0-9-]{1,80}", name_of(material(alert=hostile)))


HOSTILE = st.text(alphabet="`~#[]()!<>*_|\\ax \n", max_size=30) | st.sampled_from(
    ["```", "` [x](http://evil)", "<img src=x>", "````\n# not a title", "![a](b)"]
)


@given(text=HOSTILE)
def test_a_span_holds_its_text_whatever_that_is(text: str) -> None:
    """A code span ends at the next run of as many backticks as it begins with: that is its last."""
    shown = span(text)
    assert "\n" not in shown
    fence = shown[: len(shown) - len(shown.lstrip("`"))]
    inside = shown[len(fence) : -len(fence)]
    assert shown.endswith(fence) and fence not in re.findall("`+", inside)
    assert " ".join(inside.split()) == " ".join(text.split())


@given(texts=st.lists(HOSTILE, min_size=1, max_size=5))
def test_a_fence_holds_its_lines_whatever_they_are(texts: list[str]) -> None:
    lines = [" ".join(text.split()) for text in texts]  # what leaves the sensor has no line breaks
    found = files(material(ancestry=lines))["summary.md"].decode().split("## Ancestry\n\n")[1].split("\n")
    fence, rest = found[0], found[1:]
    assert re.fullmatch("`{3,}", fence)
    assert rest[: len(lines)] == lines and rest[len(lines)] == fence
    assert not any(re.match(r" {0,3}" + fence, line) for line in lines)
