"""``tiercel rules why`` and ``tiercel rules test``: rules held against events that have happened."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from engine.errors import UsageError
from engine.invocation import command
from tiercel.configured import configured, rules_in_force
from tiercel.listing import print_json, print_lines
from tiercel.options import configuring_options, matching_option, rules_option
from tiercel.talk import say

_NUM_HELP = "The number of the event in a recording, or the line of JSON."


@click.command("why")
@click.argument("rule")
@click.option("--event", "file", required=True, metavar="FILE", help="A recording, or JSON; - is standard input.")
@click.option("--num", type=click.IntRange(min=1), default=None, metavar="N", help=_NUM_HELP)
@rules_option
@configuring_options
@click.option("--json", "as_json", is_flag=True, help="The explanation as JSON.")
def why(rule: str, file: str, num: int | None, as_json: bool, **named: Any) -> None:
    """Explain why RULE fires on an event, or does not.

    The event is one of a recording or of lines as `convert` writes them, or a JSON object: a single such line, values
    of fields by name, or an alert as `watch --json` prints it. Of an object only what is in it is known. Without --num
    a recording's first event is taken on which the rule fires, else the one that comes closest. The rule is as a live
    watch has it, with its exceptions and edits in local_rules.yaml.
    """
    from engine.explanation import render_text
    from probes.ruling.explaining import explain_file

    loaded = rules_in_force(configured(**named))
    if rule not in loaded:
        raise UsageError(f"there is no rule {rule!r}", hint=_nearest(rule, [each.name for each in loaded.rules]))
    explanation = explain_file(loaded[rule], file, num or 0)
    if as_json:
        print_json(explanation)
    else:
        print_lines(render_text(explanation))


_FILES = click.Path(exists=True, dir_okay=False)
_FOLDER = click.Path(exists=True, file_okay=False)
_EXPECTED_HELP = "which list of alerts, where a file holds several by name."


@click.command("test")
@click.argument("files", nargs=-1, type=_FILES)
@rules_option
@click.option("--recording", metavar="FILE", type=_FILES, help="Try rule FILES on it.")
@click.option("--captures", metavar="DIR", type=_FOLDER, help="Judge all captures in it; see above.")
@matching_option
@configuring_options
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
@click.option("--exit-code", is_flag=True, help="With --recording: exit with 1 if any rule fires more or less often.")
@click.option("--junit", metavar="FILE", type=click.Path(dir_okay=False), help="With --captures: JUnit XML, too.")
@click.option("--update", is_flag=True, help="With --captures: what fires is what is expected from now on.")
@click.option("--expected", metavar="NAME", default="", help=f"With --captures: {_EXPECTED_HELP}")
def test(files: Sequence[str], recording: str | None, captures: str | None, as_json: bool, **rest: Any) -> None:
    """Try rule FILES on a recording, or test rules on captures.

    FILE… --recording FILE: hits before and after. Before is without FILES. After is with them: in their places if they
    are among the rules, else behind all, where they can append, override and define anew. Columns: rule, container,
    hits before, hits after.

    --captures DIR: each .scap, .scap.gz and .tiercel file in DIR is judged by the rules in force. Its alerts are
    compared with those in NAME.alerts.json beside it: Falco's JSON, an alert a line or as an array. Exit codes: 0 all
    as expected, 1 not so, 2 wrong usage or rules.
    """
    from tiercel.captures import test_captures

    if bool(captures) == bool(recording) or bool(files) != bool(recording):
        raise UsageError("nothing to test", hint=f"FILE… --recording FILE, or --captures DIR; {_explained()}")
    if recording:
        _unused(rest, "junit", "update", "expected", with_="--captures")
        _try_rules(files, recording, as_json, **_without(rest, "junit", "update", "expected"))
    else:
        _unused(rest, "exit_code", with_="--recording")
        test_captures(Path(captures or "."), as_json, **_without(rest, "exit_code"))


def _try_rules(files: Sequence[str], recording: str, as_json: bool, *, exit_code: bool, **named: Any) -> None:
    from engine.rules.ruleset import RuleSet
    from engine.ruling.trial import lines
    from probes.options import rule_paths
    from probes.ruling.configured import ConfiguredRules
    from probes.ruling.trying import try_rules

    options = configured(**named)

    def load(paths: Sequence[Path]) -> RuleSet:
        return ConfiguredRules(msgspec.structs.replace(options, rules=tuple(map(str, paths)))).load()

    first = options.config.rule_matching == "first"
    trial = try_rules(list(map(Path, files)), rule_paths(options), Path(recording), load, first=first)
    for note in trial.notes:
        say(note)
    if as_json:
        print_json(trial)
    else:
        print_lines(lines(trial))
    if exit_code and trial.differs:
        sys.exit(1)


def _unused(given: dict[str, Any], *names: str, with_: str) -> None:
    """Refuse options that would have no effect."""
    for name in names:
        if given[name]:
            raise UsageError(f"--{name.replace('_', '-')} has a meaning only with {with_}")


def _without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


def _explained() -> str:
    return f"{command('rules test --help')} explains both"


def _nearest(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"{command('rules list')} has them all"
