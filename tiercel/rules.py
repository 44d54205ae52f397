"""``tiercel rules``: what there is about rules without watching anything."""

from __future__ import annotations

from typing import Any

import click

from engine.errors import TiercelError
from tiercel.checking import check
from tiercel.configured import configured, rules_in_force
from tiercel.groups import Group, OfFiles
from tiercel.listing import json_option, print_json, print_lines
from tiercel.options import configuring_options
from tiercel.talk import say
from tiercel.trying import test, why


@click.group(cls=Group)
def rules() -> None:
    """List, check, try, explain and reset rules."""


rules.add_command(check)
rules.add_command(test)
rules.add_command(why)


@rules.command("list", cls=OfFiles)
@click.argument("files", nargs=-1)
@configuring_options
@json_option
def list_rules(files: tuple[str, ...], as_json: bool, **named: Any) -> None:
    """List the rules in force, or with FILES.

    They are those that a live watch has, or would have with FILES alone: as they were switched by key, and with
    local_rules.yaml. Columns: on or off, priority, name, tags.
    """
    from engine.listings import rule_lines, rule_rows

    found = rules_in_force(configured(rules=files, **named)).rules
    print_json(rule_rows(found)) if as_json else print_lines(rule_lines(found))


@rules.command("pushdown", cls=OfFiles)
@click.argument("files", nargs=-1)
@configuring_options
@json_option
def push_down(files: tuple[str, ...], as_json: bool, **named: Any) -> None:
    """Say what the kernel tests of each rule.

    The rules are those in force, or those that a live watch with FILES would have. Below each rule that is on: the
    types of events, and which of them pass. What no rule lets pass stays in the kernel.
    """
    from engine.pushdown.words import push_down_lines, push_down_rows

    found = rules_in_force(configured(rules=files, **named)).rules
    print_json(push_down_rows(found)) if as_json else print_lines(push_down_lines(found))


@rules.command("reset")
def reset_rules() -> None:
    """Forget which rules were switched by key.

    They are again as the rule files and the configuration say, from the next start or reload on.
    """
    from probes.ruling.toggles import Toggles

    toggles = Toggles()
    try:
        names = toggles.reset()
    except OSError as error:
        raise TiercelError(f"cannot remove {toggles.path}: {error.strerror}", hint="try it with sudo") from None
    say(f"{len(names)} forgotten: {', '.join(names)}" if names else f"nothing was switched by key ({toggles.path})")
