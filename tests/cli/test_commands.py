"""The command line as a person or a script meets it: a real process, its two outputs and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from probes.options import DEMO

GOOD = """
- rule: Shell
  desc: A shell was started.
  condition: evt.type = execve and proc.name = sh
  output: Shell (%proc.cmdline)
  priority: Notice
"""
TYPO = GOOD.replace("proc.name", "proc.nmae")


def tiercel(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tiercel", *args], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize("listing", [("rules", "list"), ("fields",), ("events",)])
def test_a_reader_that_goes_early_is_no_failure(listing: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "tiercel", *listing], stdout=nobody, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_names_every_command() -> None:
    done = tiercel("--help")
    assert done.returncode == 0
    for command in ("watch", "sensor", "attach", "record", "replay", "rules", "fields", "events", "keys", "doctor"):
        assert f"\n  {command} " in done.stdout
    assert "private-sensor" not in done.stdout


@pytest.mark.parametrize(
    ("docker", "found"),
    [
        ("none", "not asked (--docker none)"),
        ("unix:///no/such.sock", "/no/such.sock (--docker): No such file or directory"),
    ],
)
def test_the_doctor_asks_the_daemon_that_is_meant(docker: str, found: str) -> None:
    rows = json.loads(tiercel("doctor", "--json", "--docker", docker).stdout)
    assert [row["found"] for row in rows if row["check"] == "Docker"] == [found]


def test_an_unknown_option_is_a_usage_error_without_a_traceback() -> None:
    done = tiercel("watch", "--jsno")
    assert done.returncode == 2
    assert "--json" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("nope", ["there is no command nope", "commands: attach, convert, doctor", "watch"]),
        ("wach", ["there is no command wach", "watch?"]),
        ("nope.tiercel", ["there is no file nope.tiercel", "record FILE"]),
        ("./nope", ["there is no file ./nope"]),
        ("/dev/null", ["/dev/null is neither file nor folder"]),
        ("rules chek", ["there is no command rules chek", "rules check?"]),
        ("\x1b[2J", ["there is no command \\x1b[2J"]),
    ],
)
def test_a_word_that_is_no_command_is_answered_with_what_there_is(word: str, says: list[str]) -> None:
    done = tiercel(*word.split())
    assert (done.returncode, done.stdout) == (2, "")
    for part in says:
        assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_hints_name_the_program_as_it_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERCEL_COMMAND", "scripts/run")
    assert "did you mean scripts/run watch?" in tiercel("wach").stderr
    assert "Try 'scripts/run watch --help'" in tiercel("watch", "--jsno").stderr


def test_options_before_a_command_are_those_of_the_command(rule_file: Path) -> None:
    done = tiercel("-r", str(rule_file), "replay", str(DEMO), "--text")
    assert done.returncode == 0
    assert "Shell (" in done.stdout and "Notice" in done.stdout and "Warning" not in done.stdout


@pytest.mark.parametrize(
    ("line", "refused"),
    [(["-r", "x.yaml", "fields"], "'-r'"), (["--demo", "watch"], "'--demo'"), (["--respond", "attach"], "'--respond'")],
)
def test_options_that_the_command_has_not_are_refused_not_ignored(line: list[str], refused: str) -> None:
    done = tiercel(*line)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"No such option {refused}" in done.stderr
    assert f" {line[-1]} [OPTIONS]" in " ".join(done.stderr.split())  # a long one is broken


@pytest.mark.parametrize(
    ("more", "said"),
    [([str(DEMO)], "one file or folder is opened at a time"), (["--docker", "none"], "without --docker")],
)
def test_what_is_wrong_with_opening_is_said_without_a_name_that_nobody_types(more: list[str], said: str) -> None:
    done = tiercel(str(DEMO), *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "tiercel open" not in done.stderr


def test_rules_check_passes_a_good_file(rule_file: Path) -> None:
    done = tiercel("rules", "check", str(rule_file))
    assert (done.returncode, done.stdout) == (0, "")


def test_rules_check_shows_the_place_and_the_nearest_name(rule_file: Path) -> None:
    rule_file.write_text(TYPO)
    done = tiercel("rules", "check", str(rule_file))
    assert done.returncode == 2
    assert f"{rule_file}:4:" in done.stdout
    assert "proc.name" in done.stdout
    assert "^" in done.stdout


def test_rules_check_has_falcos_codes_in_json(rule_file: Path) -> None:
    rule_file.write_text(TYPO)
    done = tiercel("rules", "check", "--json", str(rule_file))
    (file,) = json.loads(done.stdout)["falco_load_results"]
    (problem,) = file["errors"]
    assert (file["name"], file["successful"]) == (str(rule_file), False)
    assert problem["code"] == "LOAD_ERR_COMPILE_CONDITION"
    assert problem["context"]["locations"][0]["position"]["line"] == 4


def test_rules_check_has_warnings_and_errors_alike(rule_file: Path) -> None:
    rule_file.write_text(TYPO + "- macro: m\n  condition: evt.type = open\n")
    done = tiercel("rules", "check", "--json", str(rule_file))
    (file,) = json.loads(done.stdout)["falco_load_results"]
    assert [len(file["errors"]), [warning["code"] for warning in file["warnings"]]] == [1, ["LOAD_UNUSED_MACRO"]]
    assert "1 problem in the rules, 1 warning" in done.stderr
    assert "Macro not referred to" in tiercel("rules", "check", str(rule_file)).stdout


def test_rules_check_of_many_rules_says_how_far_it_is(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text("".join(GOOD.replace("rule: Shell", f"rule: Shell {number}") for number in range(1200)))
    done = tiercel("rules", "check", str(path))
    assert (done.returncode, done.stdout) == (0, "")
    for said in ("500 of 1200 rules\n", "1000 of 1200 rules\n", "1200 rules, no errors"):
        assert said in done.stderr


def test_rules_check_of_a_hostile_file_drives_no_terminal(rule_file: Path) -> None:
    rule_file.write_text(GOOD.replace("proc.name = sh", '"\\e[2J\\u202e"'))
    for arguments in ([], ["--json"]):
        done = tiercel("rules", "check", str(rule_file), *arguments)
        assert done.returncode == 2
        assert not {"\x1b", "\u202e"} & set(done.stdout + done.stderr)


@pytest.mark.parametrize("what", ["fields", "events", "rules list"])
def test_lists_are_there_as_json(what: str) -> None:
    rows = json.loads(tiercel(*what.split(), "--json").stdout)
    lines = tiercel(*what.split()).stdout.splitlines()
    assert len(rows) == len(lines) > 10
    assert all(row["name"] in line and row["description"] for row, line in zip(rows, lines, strict=True))


def test_rules_list_shows_the_shipped_rules() -> None:
    done = tiercel("rules", "list")
    assert done.returncode == 0
    assert "Terminal shell in container" in done.stdout


def test_fields_and_events_are_lists_of_rows() -> None:
    assert "proc.cmdline" in tiercel("fields").stdout
    assert "openat" in tiercel("events").stdout


def test_an_alien_file_is_no_recording(rule_file: Path) -> None:
    done = tiercel("replay", str(rule_file))
    assert done.returncode == 1
    assert "recording" in done.stderr
    assert "Traceback" not in done.stderr


def test_attach_without_a_sensor_says_what_to_do(tmp_path: Path) -> None:
    done = tiercel("attach", str(tmp_path / "none.sock"))
    assert done.returncode == 1
    assert "tiercel sensor" in done.stderr
    assert "Traceback" not in done.stderr


def commands(*path: str) -> list[tuple[str, ...]]:
    """A command and all below it, by what its help lists."""
    _, _, listed = tiercel(*path, "--help").stdout.partition("\nCommands:\n")
    return [path, *(found for line in listed.splitlines() for found in commands(*path, line.split()[0]))]


def test_every_command_and_every_option_is_explained() -> None:
    found = commands()
    assert ("rules", "check") in found
    for command in found:
        text = tiercel(*command, "--help").stdout
        assert "..." not in text.partition("\nCommands:\n")[2], command  # no summary is cut
        rows = text.partition("\nOptions:\n")[2].partition("\nCommands:\n")[0].splitlines()
        for row, following in zip(rows, [*rows[1:], ""], strict=True):
            if row.startswith("  -"):
                explained = "  " in row.strip() or following.startswith(" " * 10)
                assert explained, (command, row)


def test_alerts_of_the_demo_also_go_where_output_says(tmp_path: Path) -> None:
    kept = tmp_path / "alerts.jsonl"
    done = tiercel("replay", str(DEMO), "--json", "--output", f"file={kept}")
    assert done.returncode == 0
    assert kept.read_text() == done.stdout
    assert {json.loads(line)["hostname"] for line in done.stdout.splitlines()} == {"prod-7"}


def test_an_unknown_output_is_refused_with_the_nearest_name() -> None:
    done = tiercel("replay", str(DEMO), "--output", "htp=http://127.0.0.1:2801/")
    assert done.returncode == 2
    assert "did you mean http?" in done.stderr


def test_rules_of_which_none_is_in_force_are_told_once_at_the_start(tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    for done in (tiercel("rules", "list", str(empty)), tiercel("replay", str(DEMO), "-r", str(empty))):
        assert done.returncode == 0
        first, second, *rest = done.stderr.splitlines()
        assert first.startswith(f"tiercel: {empty} has no rules")
        assert second == "tiercel: no rule is in force (nothing raises an alert)"
        assert not {first, second} & set(rest)


def test_options_before_a_group_are_those_of_its_command(rule_file: Path) -> None:
    missing = tiercel("--config", str(rule_file.with_name("none.yaml")), "rules", "list")
    assert (missing.returncode, "cannot read" in missing.stderr) == (2, True)
    before = tiercel("-r", str(rule_file), "--config", "none", "-c", "none", "rules", "why", "Shell", "--event", "-")
    assert "stdin:1:1: this is not JSON" in before.stderr
    refused = tiercel("--demo", "rules", "list")
    assert (refused.returncode, refused.stdout) == (2, "")
    told = " ".join(refused.stderr.split())
    assert "rules list [OPTIONS]" in told and "No such option '--demo'" in told
    assert "there is no command rules lisd" in tiercel("--config", "none", "rules", "lisd").stderr
