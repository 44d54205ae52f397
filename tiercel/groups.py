"""Groups of commands that say what there is when a word is none of them."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import click

from engine.errors import UsageError
from engine.invocation import command

_RECORDING = ".tiercel"
_GIVEN = "tiercel.given"
"""Under this name the context knows the words of the command line."""

_OF_RULES = ("-r", "--rules")
Resolved = tuple[str | None, click.Command | None, list[str]]


class Group(click.Group):
    """Commands; a word that is none is answered with the nearest one."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Resolved:
        """The command that the first word names. Raises UsageError."""
        word = args[0]
        if word in self.commands or word.startswith("-"):
            return super().resolve_command(ctx, args)
        raise self.unknown(word)

    def unknown(self, word: str) -> UsageError:
        """What is said of a word that is no command."""
        known = [name for name, each in self.commands.items() if not each.hidden]
        path = "" if self.name in (None, "cli") else f"{self.name} "
        near = get_close_matches(word, known, n=1)
        hint = f"did you mean {command(path + near[0])}?" if near else f"commands: {', '.join(sorted(known))}"
        return UsageError(f"there is no command {path}{word}", hint=hint)


class _UnnamedContext(click.Context):
    @property
    def command_path(self) -> str:
        """That of the program."""
        return self.parent.command_path if self.parent is not None else super().command_path


class Unnamed(click.Command):
    """A command that is meant without being named, and named in no message: ``tiercel FILE``."""

    context_class = _UnnamedContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The help that is there for the program has options which are not this command's: it says its own."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            own = ", ".join(each.opts[-1] for each in self.get_params(ctx) if isinstance(each, click.Option))
            raise UsageError(f"a file is opened without {error.option_name}", hint=f"there it can be: {own}") from None


class OfFiles(click.Command):
    """A command that takes rule files as arguments, where others name them with ``-r``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Whoever is used to ``-r`` is told how it is written here. Raises UsageError."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name not in _OF_RULES:
                raise
            meant = command(f"rules {self.name} FILE…")
            raise UsageError(f"here rule files are named without {error.option_name}", hint=meant) from None


class Root(Group):
    """The commands of the program; a first word that is a file or folder is something to open: ``tiercel FILE``.

    Options before a command are as good as behind it, in a group behind the last word that names one (``tiercel rules
    list``); those that it does not have are refused there, too, with its name.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember what stands before the command."""
        ctx.meta[_GIVEN] = list(args)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Resolved:
        """Take a recording in the place of a command to mean: open it."""
        before = ctx.meta[_GIVEN][: -len(args)]
        if args[0] not in self.commands and (Path(args[0]).is_file() or Path(args[0]).is_dir()):
            args = ["open", *args]
        name, found, rest = super().resolve_command(ctx, args)
        return name, found, _handed_on(before, found, rest)

    def unknown(self, word: str) -> UsageError:
        """A word that looks like a path is told to be no file."""
        path = Path(word)
        if path.exists():
            return UsageError(
                f"{word} is neither file nor folder", hint="a recording is made by: " + command("record FILE")
            )
        if "/" in word or path.suffix:
            hint = f"to make a recording: {command('record FILE')}; for the commands: {command('--help')}"
            return UsageError(f"there is no file {word}", hint=hint)
        return super().unknown(word)


def _handed_on(options: list[str], found: click.Command | None, words: list[str]) -> list[str]:
    """The words with the options behind the name of the command; a group without one has something else to say."""
    if not isinstance(found, click.Group):
        return [*options, *words]
    if not words or words[0] not in found.commands:
        return words
    return [words[0], *_handed_on(options, found.commands[words[0]], words[1:])]
