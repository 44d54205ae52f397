"""Configuration as a person meets it: real files, a real process, what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probes.options import DEMO
from probes.ruling.toggles import Toggles

RULES = """
- rule: Shell
  desc: A shell was started.
  condition: evt.type in (execve, execveat) and proc.name = sh
  output: Shell (%proc.cmdline)
  priority: Notice
  tags: [shell]
- rule: Any program
  desc: A program was started.
  condition: evt.type in (execve, execveat)
  output: Program (%proc.cmdline)
  priority: Debug
  tags: [program]
"""

Run = subprocess.CompletedProcess[str]


@pytest.fixture
def tiercel(tmp_path: Path) -> Callable[..., Run]:
    """The program, at home in an empty folder."""

    def run(*arguments: str | Path, **environ: str) -> Run:
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("TIERCEL_", "XDG_", "SUDO_"))}
        return subprocess.run(
            [sys.executable, "-m", "tiercel", *map(str, arguments)],
            env={**keep, "HOME": str(tmp_path), "TIERCEL_FALCO_CONFIG": "none", **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def own(tmp_path: Path, rules: Path) -> Path:
    """The user's tiercel.yaml."""
    path = tmp_path / ".config" / "tiercel" / "tiercel.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(f"rules_files: [{rules}]\n")
    return path


def states(listed: Run) -> dict[str, str]:
    assert listed.returncode == 0, listed.stderr
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return {row[2].split("  ")[0]: row[0] for row in rows}


def alerts(done: Run) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_users_own_file_is_read_and_named(tiercel: Callable[..., Run], own: Path) -> None:
    listed = tiercel("rules", "list")
    assert states(listed) == {"Shell": "on", "Any program": "on"}
    assert f"configuration: {own}" in listed.stderr


def test_without_a_file_the_shipped_rules_hold(tiercel: Callable[..., Run]) -> None:
    listed = tiercel("rules", "list")
    assert "Terminal shell in container" in states(listed)
    assert listed.stderr == ""


def test_falcos_file_is_read_as_it_is(tiercel: Callable[..., Run], rules: Path, tmp_path: Path) -> None:
    falco = tmp_path / "falco.yaml"
    falco.write_text(
        f"rules_files: [{rules}, {tmp_path}/missing.d]\nengine: {{kind: modern_ebpf}}\nrule_matching: first\n"
    )
    done = tiercel("replay", DEMO, "-c", falco, "--json")
    assert {alert["rule"] for alert in alerts(done)} == {"Shell", "Any program"}
    assert "without effect here: engine" in done.stderr
    times = [alert["time"] for alert in alerts(done)]
    assert len(times) == len(set(times))  # the first rule that matches, and no other


def test_ours_stands_above_falcos_and_their_selections_add_up(
    tiercel: Callable[..., Run], own: Path, tmp_path: Path
) -> None:
    falco = tmp_path / "falco.yaml"
    falco.write_text("rules:\n- disable: {rule: '*'}\nrules_files: [/nowhere]\npriority: error\n")
    own.write_text(own.read_text() + "rules:\n- enable: {tag: shell}\npriority: debug\n")
    assert states(tiercel("rules", "list", "-c", falco)) == {"Shell": "on", "Any program": "off"}


def test_what_is_less_severe_than_wanted_is_off(tiercel: Callable[..., Run], own: Path) -> None:
    own.write_text(own.read_text() + "priority: notice\n")
    assert states(tiercel("rules", "list")) == {"Shell": "on", "Any program": "off"}


def test_the_command_line_stands_above_variables_and_these_above_files(tiercel: Callable[..., Run], own: Path) -> None:
    own.write_text(own.read_text() + "json_output: true\n")
    replayed = ("replay", DEMO)
    assert tiercel(*replayed).stdout.startswith("{")
    assert not tiercel(*replayed, TIERCEL_JSON_OUTPUT="false").stdout.startswith("{")
    assert tiercel(*replayed, "-o", "json_output=true", TIERCEL_JSON_OUTPUT="false").stdout.startswith("{")
    assert not tiercel(*replayed, "--text", "-o", "json_output=true").stdout.startswith("{")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-t", "shell"], {"Shell": "on", "Any program": "off"}),
        (["-T", "shell"], {"Shell": "off", "Any program": "on"}),
        (["-D", "ny prog"], {"Shell": "on", "Any program": "off"}),
        (["-o", "rules[].disable.rule=*"], {"Shell": "off", "Any program": "off"}),
    ],
)
def test_rules_are_switched_as_falcos_options_do(
    tiercel: Callable[..., Run], own: Path, arguments: list[str], expected: dict[str, str]
) -> None:
    assert own.exists()
    assert states(tiercel("rules", "list", *arguments)) == expected


def test_outputs_get_what_is_appended(tiercel: Callable[..., Run], own: Path) -> None:
    own.write_text(
        own.read_text() + "rules: [{disable: {tag: program}}]\nstatic_fields: {site: north}\nappend_output:\n"
        "- {extra_output: 'by %user.name', extra_fields: [proc.pid, {who: '%user.uid!'}], suggested_output: false}\n"
    )
    first = alerts(tiercel("replay", DEMO, "--json"))[0]
    assert first["output"].endswith(f" by {first['output_fields']['user.name']}")
    fields = first["output_fields"]
    assert isinstance(fields["proc.pid"], int)
    assert fields["who"] == f"{fields['user.uid']}!"
    assert fields["static.site"] == "north"


def test_keys_are_listed_as_configured_and_what_is_wrong_with_its_place(tiercel: Callable[..., Run], own: Path) -> None:
    before = own.read_text()
    own.write_text(f"{before}keys:\n  alerts.acknowledge: A\n  alerts.ruel: f9\n")
    done = tiercel("keys")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("alerts.acknowledge ")]
    assert line.split()[1:3] == ["Alerts", "A"]
    place = f"{own}:{len(before.splitlines()) + 3}:3"
    assert f"{place}: there is no action 'alerts.ruel'" in done.stderr
    assert "hint: did you mean alerts.rule?" in done.stderr
    assert done.returncode == 2
    rows = {row["id"]: row["keys"] for row in json.loads(tiercel("keys", "--json").stdout)}
    assert rows["alerts.acknowledge"] == ["A"]
    assert rows["alerts.rule"] == ["r"]


def test_what_cannot_be_appended_is_refused(tiercel: Callable[..., Run], own: Path) -> None:
    own.write_text(own.read_text() + "append_output: [{extra_output: '%proc.nmae'}]\n")
    done = tiercel("replay", DEMO)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{own}:2:32: unknown field '%proc.nmae'" in done.stderr
    assert "proc.name" in done.stderr


def test_the_json_has_what_is_wanted(tiercel: Callable[..., Run], own: Path) -> None:
    own.write_text(
        own.read_text() + "json_output: true\njson_include_output_property: false\njson_include_tags_property: false\n"
        "json_include_message_property: true\njson_include_output_fields_property: false\n"
    )
    first = alerts(tiercel("replay", DEMO))[0]
    assert not {"output", "tags", "output_fields"} & set(first)
    assert first["message"].startswith(("Shell (", "Program ("))


def test_times_in_iso_8601(tiercel: Callable[..., Run], own: Path) -> None:
    done = tiercel("replay", DEMO, "-o", "time_format_iso_8601=true")
    assert own.exists()
    time, _, rest = done.stdout.splitlines()[0].partition("+0000: ")
    assert len(time) == len("2026-01-01T00:00:00.000000000")
    assert rest


def test_a_replay_sends_nothing_to_the_configured_outputs(
    tiercel: Callable[..., Run], own: Path, tmp_path: Path
) -> None:
    kept, asked = tmp_path / "kept.jsonl", tmp_path / "asked.jsonl"
    own.write_text(own.read_text() + f"file_output: {{enabled: true, filename: {kept}}}\n")
    assert tiercel("replay", DEMO, "--output", f"file={asked}").returncode == 0
    assert asked.stat().st_size
    assert not kept.exists()


def test_everything_wrong_with_a_file_is_said_with_its_place(tiercel: Callable[..., Run], own: Path) -> None:
    own.write_text("json_output: perhaps\nprioritty: info\n")
    done = tiercel("rules", "list")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{own}:1:14: 'perhaps' is neither true nor false" in done.stderr
    assert f"{own}:2:1: unknown key 'prioritty'" in done.stderr
    assert "did you mean priority?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_named_and_missing_is_an_error(tiercel: Callable[..., Run], tmp_path: Path) -> None:
    for option in ("-c", "--config"):
        done = tiercel("rules", "list", option, tmp_path / "none.yaml")
        assert done.returncode == 2
        assert f"cannot read {tmp_path / 'none.yaml'}" in done.stderr


def test_rules_files_none_of_which_exists_are_an_error(tiercel: Callable[..., Run], own: Path) -> None:
    own.write_text("rules_files: [/nowhere/a.yaml, /nowhere/b.d]\n")
    done = tiercel("rules", "list")
    assert done.returncode == 2
    assert "/nowhere/a.yaml" in done.stderr


def test_folders_of_configuration_files_are_read_in_order(
    tiercel: Callable[..., Run], own: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "config.d"
    folder.mkdir()
    (folder / "b.yaml").write_text("priority: debug\n")
    (folder / "a.yaml").write_text("priority: error\nrules: [{disable: {rule: Shell}}]\n")
    (folder / "ignored.txt").write_text("][")
    own.write_text(own.read_text() + f"config_files: [{folder}, {tmp_path}/missing]\n")
    listed = tiercel("rules", "list")
    assert states(listed) == {"Shell": "off", "Any program": "on"}
    assert f"{own}, {folder / 'a.yaml'}, {folder / 'b.yaml'}" in listed.stderr


# ── switched by key ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def toggles(tmp_path: Path) -> Toggles:
    return Toggles(tmp_path / ".local" / "state" / "tiercel" / "toggles.yaml")


def test_what_was_switched_by_key_holds_until_it_is_reset(
    tiercel: Callable[..., Run], own: Path, toggles: Toggles
) -> None:
    assert own.exists()
    toggles.keep("Shell", False, configured=True)
    assert states(tiercel("rules", "list")) == {"Shell": "off", "Any program": "on"}
    done = tiercel("rules", "reset")
    assert done.returncode == 0
    assert "Shell" in done.stderr
    assert states(tiercel("rules", "list")) == {"Shell": "on", "Any program": "on"}
    assert "nothing was switched" in tiercel("rules", "reset").stderr


def test_a_replay_is_judged_by_the_rules_as_configured(
    tiercel: Callable[..., Run], own: Path, toggles: Toggles
) -> None:
    assert own.exists()
    toggles.keep("Shell", False, configured=True)
    assert "Shell" in {alert["rule"] for alert in alerts(tiercel("replay", DEMO, "--json"))}


def test_a_broken_file_of_switches_is_named_and_reset_removes_it(tiercel: Callable[..., Run], toggles: Toggles) -> None:
    toggles.path.parent.mkdir(parents=True)
    toggles.path.write_text("rules: [disable]\n")
    done = tiercel("rules", "list")
    assert done.returncode == 2
    assert f"{toggles.path}:1:9" in done.stderr
    assert tiercel("rules", "reset").returncode == 0
    assert tiercel("rules", "list").returncode == 0


def test_a_state_folder_that_cannot_be_made_is_named(tiercel: Callable[..., Run]) -> None:
    done = tiercel("rules", "reset", XDG_STATE_HOME="/proc/nowhere")
    assert done.returncode == 2
    assert "cannot make /proc/nowhere" in done.stderr
    assert "XDG_STATE_HOME" in done.stderr
    assert "Traceback" not in done.stderr
