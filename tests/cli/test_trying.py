"""``tiercel rules why`` and ``tiercel rules test`` as a person or a script meets them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from probes.options import DEMO
from probes.recordings.convert import convert

RULE = "Sensitive file read"
MINE = """
- rule: Shell
  desc: A shell was started.
  condition: evt.type = execve and proc.name = sh
  output: Shell (%proc.cmdline)
  priority: Notice
"""


LINK = """
- rule: Link
  desc: Somebody read what was secret by another name.
  condition: evt.type in (open, openat) and tiercel.path = /etc/shadow and fd.name != /etc/shadow
  output: read
  priority: Notice
"""


def tiercel(*args: str, told: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tiercel", "rules", *args, "--config", "none", "-c", "none"],
        capture_output=True, text=True, timeout=60, check=False, input=told,
    )  # fmt: skip


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    return path


def write(folder: Path, *objects: object) -> str:
    path = folder / "event.json"
    path.write_text("".join(f"{json.dumps(each)}\n" for each in objects))
    return str(path)


# ── why ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_recording_shows_the_first_event_on_which_the_rule_fires() -> None:
    done = tiercel("why", RULE, "--event", str(DEMO))
    assert done.returncode == 0
    first, event, *rest = done.stdout.splitlines()
    assert first.startswith(f"✓ {RULE} fires")
    assert "by cat" in event
    assert any('fd.name is "/etc/shadow"' in line for line in rest)


def test_an_event_is_chosen_by_its_number() -> None:
    done = tiercel("why", RULE, "--event", str(DEMO), "--num", "1", "--json")
    explanation = json.loads(done.stdout)
    assert explanation["holds"] is False
    assert explanation["because"][0]["seen"]
    assert tiercel("why", RULE, "--event", str(DEMO), "--num", "99999999").returncode == 1


def test_of_a_rule_that_never_fires_the_closest_event_is_shown(mine: Path) -> None:
    mine.write_text(MINE.replace("proc.name = sh", "proc.name = sh and container.name = web and proc.args = nowhere"))
    explanation = json.loads(tiercel("why", "Shell", "--event", str(DEMO), "-r", str(mine), "--json").stdout)
    assert explanation["holds"] is False
    assert [step["text"] for step in explanation["otherwise"]] == ["proc.args = nowhere"]


def test_values_by_name_are_explained(mine: Path, tmp_path: Path) -> None:
    event = write(tmp_path, {"evt.type": "execve", "proc.name": "bash"})
    done = tiercel("why", "Shell", "--event", event, "-r", str(mine))
    assert done.stdout.splitlines()[:3] == [
        f"✗ Shell does not fire  {mine}:2",
        "because",
        f'  ✗ proc.name = sh    proc.name is "bash"  {mine}:4',
    ]


def test_one_of_several_lines_is_chosen_by_its_number(mine: Path, tmp_path: Path) -> None:
    lines = write(tmp_path, {"evt.type": "execve", "proc.name": "ls"}, {"evt.type": "execve", "proc.name": "sh"})
    assert "Shell fires" in tiercel("why", "Shell", "--event", lines, "--num", "2", "-r", str(mine)).stdout
    unchosen = tiercel("why", "Shell", "--event", lines, "-r", str(mine))
    assert unchosen.returncode == 2
    assert "--num" in unchosen.stderr
    assert "it has 2" in tiercel("why", "Shell", "--event", lines, "--num", "3", "-r", str(mine)).stderr


def test_an_alert_as_it_is_printed_is_explained_as_far_as_its_fields_go() -> None:
    replayed = subprocess.run(
        [sys.executable, "-m", "tiercel", "replay", str(DEMO), "--json", "--config", "none", "-c", "none"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    alert = next(line for line in replayed.stdout.splitlines() if json.loads(line)["rule"] == RULE)
    done = tiercel("why", RULE, "--event", "-", told=alert)
    assert done.returncode == 0
    assert 'fd.name is "/etc/shadow"' in done.stdout
    assert "is not known" in done.stdout


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_lines_that_convert_writes_are_explained_as_the_recording_is(name: str, tmp_path: Path) -> None:
    lines = tmp_path / name
    convert(DEMO, str(lines))
    for choice in ([], ["--num", "420"], ["--num", "1"]):
        explained = tiercel("why", RULE, "--event", str(lines), *choice)
        assert (explained.returncode, explained.stderr) == (0, "")
        assert explained.stdout == tiercel("why", RULE, "--event", str(DEMO), *choice).stdout
    assert "there is no event 99999" in tiercel("why", RULE, "--event", str(lines), "--num", "99999").stderr
    if name.endswith(".gz"):
        lines.write_bytes(lines.read_bytes()[:9000])
        assert "cannot be read" in tiercel("why", RULE, "--event", str(lines)).stderr


def test_lines_that_convert_writes_are_explained_from_standard_input(tmp_path: Path) -> None:
    convert(DEMO, str(tmp_path / "a.jsonl"))
    told = (tmp_path / "a.jsonl").read_text(encoding="utf-8")
    piped = tiercel("why", RULE, "--event", "-", "--num", "420", told=told)
    assert piped.stdout == tiercel("why", RULE, "--event", str(DEMO), "--num", "420").stdout
    assert "stdin: there is no event 99999" in tiercel("why", RULE, "--event", "-", "--num", "99999", told=told).stderr


def test_a_compressed_file_that_would_fill_memory_is_refused(tmp_path: Path, mine: Path) -> None:
    bomb, member = tmp_path / "a.json.gz", gzip.compress(bytes(32 << 20))
    bomb.write_bytes(member * 2)
    assert "this is not JSON" in tiercel("why", "Shell", "--event", str(bomb), "-r", str(mine)).stderr
    bomb.write_bytes(member * 3)
    done = tiercel("why", "Shell", "--event", str(bomb), "-r", str(mine))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{bomb}: it holds more than 64 MiB" in done.stderr


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_what_is_piped_in_may_be_no_text(locale: str, mine: Path) -> None:
    told = b'{"evt.type": "execve", "proc.name": "\xff"}'
    command = [sys.executable, "-m", "tiercel", "rules", "why", "Shell", "--event", "-", "-r", str(mine)]
    done = subprocess.run(
        [*command, "--config", "none", "-c", "none"],
        capture_output=True, timeout=60, check=False, input=told, env=os.environ | {"LC_ALL": locale},
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    assert (done.returncode, done.stdout.startswith(b"\xe2\x9c\x97 Shell does not fire")) == (0, True), done.stderr


def test_of_one_such_line_that_is_known_which_is_in_it(tmp_path: Path) -> None:
    convert(DEMO, str(tmp_path / "a.jsonl"))
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    line = next(each for each in lines if '"evt.num":420,' in each)
    done = tiercel("why", RULE, "--event", "-", told=line)
    assert (done.returncode, done.stderr) == (0, "")
    assert 'fd.name is "/etc/shadow"' in done.stdout
    assert "evt.is_open_read is true" in done.stdout
    assert "proc.aname is not known" in done.stdout
    odd = tiercel("why", RULE, "--event", "-", told='{"evt.type": "bogus", "tiercel.start": 1}')
    assert (odd.returncode, odd.stderr) == (0, "")
    assert "does not fire" in odd.stdout
    wrong = tiercel("why", RULE, "--event", "-", told='{"evt.type": "open", "tiercel.start": 1, "proc.pid": "x"}')
    assert (wrong.returncode, "this is no event" in wrong.stderr) == (1, True)


def test_of_the_fields_of_an_alert_alone_no_more_is_known_than_they_say(mine: Path, tmp_path: Path) -> None:
    """They have the time as a number, as our lines of events do."""
    mine.write_text(MINE.replace("proc.name = sh", "evt.rawres = 0 and evt.time exists"))
    fields = {"evt.type": "execve", "container.id": "abc", "proc.name": "bash", "evt.time": 1507591916304517803}
    event = write(tmp_path, fields)
    done = tiercel("why", "Shell", "--event", event, "-r", str(mine))
    assert done.stdout.startswith("? Shell may or may not fire"), done.stderr
    assert "evt.rawres is not known" in done.stdout
    assert "evt.time is not known" not in done.stdout
    bad = tiercel("why", "Shell", "--event", write(tmp_path, {"evt.time": 10**40}), "-r", str(mine))
    assert (bad.returncode, "is no time" in bad.stderr) == (2, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"proc.nmae": "sh"}', "did you mean proc.name?"),
        ('{"proc.pid": "sh"}', "proc.pid: sh is not a valid number"),
        ("{", "this is not JSON"),
        ("[]", "this is no JSON object"),
        ("", "this is not JSON"),
    ],
)
def test_what_is_no_event_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(content)
    done = tiercel("why", RULE, "--event", str(path))
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_or_a_rule_that_is_not_there_is_named(tmp_path: Path) -> None:
    gone = tiercel("why", RULE, "--event", str(tmp_path / "none"))
    assert (gone.returncode, "No such file" in gone.stderr) == (2, True)
    misspelt = tiercel("why", "Sensitive file red", "--event", str(DEMO))
    assert (misspelt.returncode, f"did you mean '{RULE}'?" in misspelt.stderr) == (2, True)


# ── test ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_exception_shows_the_hits_that_go(tmp_path: Path) -> None:
    quieter = tmp_path / "quieter.yaml"
    quieter.write_text(f"- rule: {RULE}\n  condition: and container.name != web\n  override:\n    condition: append\n")
    done = tiercel("test", str(quieter), "--recording", str(DEMO))
    assert done.returncode == 0
    assert f"changed {RULE}" in done.stdout
    (row,) = (line.split() for line in done.stdout.splitlines() if line.startswith("-"))
    assert row[-3] == "web"
    assert int(row[-2]) > int(row[-1]) == 0
    assert tiercel("test", str(quieter), "--recording", str(DEMO), "--exit-code").returncode == 1


def test_a_file_among_the_rules_is_tried_against_the_others_alone(mine: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(MINE.replace("Shell", "Other"))
    done = tiercel("test", str(mine), "-r", str(tmp_path), "--recording", str(DEMO), "--json")
    trial = json.loads(done.stdout)
    assert trial["changes"]["added"] == ["Shell"]
    assert {row["before"] for row in trial["hits"] if row["rule"] == "Shell"} == {0}
    assert {row["before"] - row["after"] for row in trial["hits"] if row["rule"] == "Other"} == {0}


def test_rules_that_change_nothing_leave_the_exit_code(mine: Path) -> None:
    mine.write_text("- list: nobody_uses_it\n  items: []\n")
    done = tiercel("test", str(mine), "--recording", str(DEMO), "--exit-code")
    assert (done.returncode, "nothing has changed" in done.stdout) == (0, True)


def test_a_rule_that_looks_at_what_a_capture_does_not_hold_is_named(tmp_path: Path) -> None:
    convert(DEMO, str(tmp_path / "demo.scap"))
    file = tmp_path / "link.yaml"
    file.write_text(LINK)
    for recording, times, said in ((DEMO, 1, 0), (tmp_path / "demo.scap", 0, 1)):
        done = tiercel("test", str(file), "--recording", str(recording), "-r", str(file), "--json")
        assert sum(row["after"] for row in json.loads(done.stdout)["hits"]) == times
        assert done.stderr.count("captures hold no paths behind symbolic links (tiercel.path)") == said
        assert done.stderr.count("Link") == said


def test_a_broken_file_is_shown_with_its_place_and_nothing_is_judged(mine: Path) -> None:
    mine.write_text(MINE.replace("proc.name", "proc.nmae"))
    done = tiercel("test", str(mine), "--recording", str(DEMO))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{mine}:4:" in done.stderr


def test_rules_that_need_the_tried_file_say_what_to_do(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "user.yaml").write_text(MINE.replace("Shell", "User").replace("proc.name = sh", "needed"))
    mine.write_text("- macro: needed\n  condition: proc.name = sh\n")
    done = tiercel("test", str(mine), "-r", str(tmp_path), "--recording", str(DEMO))
    assert done.returncode == 1
    assert "copy the files" in done.stderr


def test_a_recording_that_is_cut_off_is_an_error(mine: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tiercel"
    cut.write_bytes(DEMO.read_bytes()[:-1000])
    done = tiercel("test", str(mine), "--recording", str(cut))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
