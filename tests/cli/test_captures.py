"""``tiercel rules test --captures`` as a CI job meets it: exit codes, JUnit XML, and how expected alerts are kept."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from probes.options import DEMO
from probes.recordings.convert import convert

RULE = "Sensitive file read"


def judged(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tiercel", "rules", "test", "--captures", str(folder), *args]
    command += ["--config", "none", "-c", "none"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def replayed() -> list[str]:
    """The demo's alerts as ``tiercel replay`` prints them."""
    command = [sys.executable, "-m", "tiercel", "replay", str(DEMO), "--json", "--config", "none", "-c", "none"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one capture."""
    shutil.copy(DEMO, tmp_path / "attack.tiercel")
    return tmp_path


def expect(folder: Path, content: Any) -> Path:
    path = folder / "attack.alerts.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_what_replay_prints_is_what_is_expected(folder: Path) -> None:
    expect(folder, "\n".join(replayed()))
    done = judged(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 of 1 capture as expected" in done.stdout


def test_what_is_updated_is_expected_from_then_on(folder: Path) -> None:
    missing = judged(folder)
    assert (missing.returncode, "attack.alerts.json is missing (--update writes it)" in missing.stdout) == (1, True)
    assert judged(folder, "--update").returncode == 0
    path = folder / "attack.alerts.json"
    written = path.read_text()
    assert [alert["rule"] for alert in json.loads(written)] == [json.loads(line)["rule"] for line in replayed()]
    again = judged(folder, "--update")
    assert (again.returncode, "updated" in again.stdout, path.read_text()) == (0, False, written)
    assert judged(folder).returncode == 0


def test_differences_are_printed_and_given_to_ci(folder: Path, tmp_path: Path) -> None:
    alerts = [json.loads(line) for line in replayed()]
    number = next(number for number, alert in enumerate(alerts) if alert["rule"] == RULE)
    alerts[number]["output_fields"]["proc.name"] = "dog"
    gone = alerts.pop(number + 1)
    expect(folder, alerts)
    report = tmp_path / "report.xml"
    done = judged(folder, "--junit", str(report))
    assert done.returncode == 1
    assert "27 alerts; 1 unexpected, 1 changed" in done.stdout
    assert f"{alerts[number]['time']}  {RULE}  proc.name\n      - dog\n      + cat\n" in done.stdout
    assert f"unexpected {gone['time']}  {gone['rule']}" in done.stdout
    (suite,) = ElementTree.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite[0][0].tag) == ("1", "1", "failure")


def test_differences_as_json(folder: Path) -> None:
    expect(folder, [])
    (outcome,) = json.loads(judged(folder, "--json").stdout)
    assert outcome["capture"] == "attack.tiercel"
    assert {difference["kind"] for difference in outcome["differences"]} == {"unexpected"}
    assert len(outcome["differences"]) == outcome["alerts"] == 27


def test_rules_that_look_at_what_no_capture_holds_are_named(folder: Path) -> None:
    """Converted, the recording gives one alert less: `convert` has said so, and so is it said here."""
    convert(DEMO, str(folder / "less.scap"))
    done = judged(folder, "--update")
    (said,) = done.stderr.splitlines()
    assert "captures hold no paths behind symbolic links (tiercel.path)" in said
    assert "Sensitive file read under another name" in said
    off = judged(folder, "--set", "rules[].disable.rule=*")
    assert (off.returncode, off.stderr) == (1, ""), "a rule that is off does not matter"


def test_a_selection_that_means_no_rule_is_said(folder: Path) -> None:
    said = "tiercel: -T netwrk: no rule has this tag (did you mean network?)\n"
    assert judged(folder, "--update", "-T", "netwrk").stderr == said


def test_one_list_of_several_is_chosen_and_updated_alone(folder: Path) -> None:
    path = expect(folder, {"none": [], "all": [json.loads(line) for line in replayed()]})
    several = judged(folder)
    assert (several.returncode, "choose with --expected: none, all" in several.stdout) == (1, True)
    assert judged(folder, "--expected", "all").returncode == 0
    assert judged(folder, "--expected", "none").returncode == 1
    assert judged(folder, "--expected", "none", "--update").returncode == 0
    kept = json.loads(path.read_text())
    assert (list(kept), len(kept["none"]), len(kept["all"])) == (["none", "all"], 27, 27)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('[{"rule": "A"},\n oh]', "attack.alerts.json:2:2: this is not JSON"),
        ('{"rule": "A"}\n\n{"rule"\n', "attack.alerts.json:3:8: this is not JSON"),
        ('["A"]', "attack.alerts.json: this is no list of alerts"),
        ('{"stable": 7}', "attack.alerts.json: this is no list of alerts"),
        ("[" * 100_000, "this is not JSON"),
    ],
)
def test_a_broken_file_of_expected_alerts_is_shown_with_its_place(folder: Path, content: str, place: str) -> None:
    expect(folder, content)
    done = judged(folder)
    assert done.returncode == 1
    assert place in done.stdout
    assert "Traceback" not in done.stderr


def test_a_damaged_capture_is_an_error_and_the_others_are_judged(folder: Path, tmp_path: Path) -> None:
    assert judged(folder, "--update").returncode == 0
    (folder / "broken.tiercel").write_bytes(DEMO.read_bytes()[:-1000])
    expected = folder / "broken.alerts.json"
    expected.write_text("[]")
    report = tmp_path / "report.xml"
    done = judged(folder, "--junit", str(report), "--update")
    assert done.returncode == 1
    assert "✓ attack.tiercel" in done.stdout
    assert "✗ broken.tiercel" in done.stdout
    assert expected.read_text() == "[]", "what is known in part is not what is expected"
    assert [case[0].tag if len(case) else "" for case in ElementTree.parse(report).getroot()[0]] == ["", "error"]


def test_rules_and_matching_are_those_of_the_command_line(folder: Path) -> None:
    rules = folder / "rules.yaml"
    rules.write_text(
        "".join(
            f"- rule: {name}\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: Notice\n"
            for name in ("First", "Second")
        )
    )
    for matching, names in (("first", {"First"}), ("all", {"First", "Second"})):
        assert judged(folder, "-r", str(rules), "--matching", matching, "--update").returncode == 0
        assert {each["rule"] for each in json.loads((folder / "attack.alerts.json").read_text())} == names
    assert judged(folder, "-r", str(rules), "--matching", "first").returncode == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "there are no captures"),
        (("-r", "broken.yaml"), "broken.yaml"),
        (("rules.yaml", "--recording", str(DEMO)), "nothing to test"),
        (("--exit-code",), "--exit-code has a meaning only with --recording"),
    ],
)
def test_what_cannot_be_run_is_wrong_usage(tmp_path: Path, args: tuple[str, ...], message: str) -> None:
    (tmp_path / "broken.yaml").write_text("- rule: [")
    (tmp_path / "rules.yaml").write_text("[]")
    given = [str(tmp_path / arg) if arg.endswith(".yaml") else arg for arg in args]
    done = judged(tmp_path, *given)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_report_that_cannot_be_written_is_told(folder: Path) -> None:
    done = judged(folder, "--update", "--junit", str(folder / "none" / "report.xml"))
    assert done.returncode == 1
    assert "report.xml cannot be written: No such file or directory" in done.stderr
