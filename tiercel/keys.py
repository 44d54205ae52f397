"""``tiercel keys``: what can be pressed where, by the ids that a configuration gives other keys to."""

from __future__ import annotations

import sys

import click

from engine.config import Remapped
from engine.errors import UsageError
from probes.ruling.configuration import NONE, configuration
from tiercel.listing import json_option, print_json, print_lines
from tiercel.options import config_option
from tiercel.talk import say, say_fault


def own_keys(config: str = "") -> tuple[Remapped, ...]:
    """The keys of our own configuration, for a screen that needs no more of it. Without the file there are none.

    Raises UsageError for a file that is named and cannot be used.
    """
    try:
        return configuration(NONE, config).config.keys
    except UsageError as error:
        if config:
            raise
        say(f"the keys are as ever: {error.message}")
        return ()


@click.command()
@json_option
@config_option
def keys(as_json: bool, config: str) -> None:
    """List what can be pressed on the screen.

    Columns: id, where it works, keys in force, meaning. The ids stand below `keys:` in tiercel.yaml.
    """
    from tui.keys.keymap import key_lines, key_rows, settle

    found, faults = settle(own_keys(config))
    print_json(key_rows(found)) if as_json else print_lines(key_lines(found))
    for fault in faults:
        say_fault(fault)
    if faults:
        sys.exit(UsageError.exit_code)
