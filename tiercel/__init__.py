"""The composition root and the command line: the only package that knows engine, probes and tui.

One module for each group of commands; :mod:`tiercel.cli` puts them together. Data goes to stdout, talk to stderr. Exit
codes: 0 done, 1 failure, 2 wrong usage or configuration, 130 interrupted.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The entry point: turns every expected error into a message and an exit code."""
    from probes import early

    early.begin(sys.argv[1:])
    try:
        _main()
    finally:
        early.end()


def _main() -> None:
    import click

    from engine.errors import TiercelError, UsageError
    from engine.invocation import command
    from engine.scrub import scrub
    from tiercel.cli import cli
    from tiercel.talk import INTERRUPTED, fail

    out = sys.stdout
    try:
        cli(prog_name=command(), standalone_mode=False)
    except TiercelError as error:
        fail(error)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as error:
        vars(error)["message"] = scrub(error.message or "")  # a file's name may stand in it
        error.show()
        sys.exit(UsageError.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(INTERRUPTED)
    except SystemExit:
        if sys.stdout is out:
            raise
        sys.exit(0)  # click wraps it when its reader has gone (`| head`), and takes that for a failure
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads: leave without a traceback
        sys.exit(0)
