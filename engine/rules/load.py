"""Rule files → :class:`RuleSet`: read, collect, compile. Everything wrong with them is found at once."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from engine.errors import RulesError
from engine.lang.nearest import nearest
from engine.problems import Problem
from engine.rules import needs
from engine.rules.collection import Collection
from engine.rules.compiler import Compilation, Progress
from engine.rules.documents import DocumentError, read_file
from engine.rules.extras import SUGGESTED_OUTPUT, Extra
from engine.rules.reporter import FileReport, Reporter
from engine.rules.requirements import Requirement, check_engine_version, plugin_requirements, unmet
from engine.rules.ruleset import RuleSet
from engine.rules.text import Place
from engine.rules.unloaded import LEFT_OUT, WITH_ITS_FILE, lacking, no_need, no_target
from engine.rules.yaml_items import VALIDATE, Item, ItemError, NoTargetError, SourceFile, items

_KNOWN_KEYS = {
    "required_engine_version": {"required_engine_version"},
    "required_plugin_versions": {"required_plugin_versions"},
    "list": {"list", "items", "append", "override"},
    "macro": {"macro", "condition", "append", "override"},
    "rule": {
        "rule",
        "condition",
        "desc",
        "output",
        "priority",
        "source",
        "enabled",
        "tags",
        "exceptions",
        "warn_evttypes",
        "skip-if-unknown-filter",
        "capture",
        "capture_duration",
        "append",
        "override",
    },
}
"""Kind of item → the keys it has; the kind is that of the first key present, in this order."""


_KINDS = f"an item has one of the keys {', '.join(_KNOWN_KEYS)}"


def load(
    paths: Sequence[Path],
    *,
    suggested: bool = True,
    extras: Sequence[Extra] = (),
    progress: Progress | None = None,
    local: Path | None = None,
    more: Sequence[tuple[str, str]] = (),
) -> RuleSet:
    """The rules of files and folders, in order; a folder gives its ``*.yaml`` and ``*.yml`` by name.

    ``suggested`` appends the container's fields to every output, before the ``extras``. ``progress`` is told how many
    of how many rules are compiled. ``local`` is a file behind the others, of which items for what is not loaded are
    left out (:mod:`engine.rules.unloaded`). ``more`` are (name, content) pairs behind the files. Raises
    :class:`engine.errors.RulesError` with every problem; warnings are in :attr:`RuleSet.warnings`.
    """
    return check(paths, suggested=suggested, extras=extras, progress=progress, local=local, more=more).result()


def loads(files: Sequence[tuple[str, str]], *, suggested: bool = True, extras: Sequence[Extra] = ()) -> RuleSet:
    """As :func:`load`, from (name, content) pairs."""
    loader = Loader(_extras(suggested, extras))
    for name, content in files:
        loader.add(SourceFile(name, content))
    loader.finish()
    return loader.result()


def check(
    paths: Sequence[Path],
    *,
    suggested: bool = True,
    extras: Sequence[Extra] = (),
    progress: Progress | None = None,
    local: Path | None = None,
    more: Sequence[tuple[str, str]] = (),
) -> Loader:
    """As :func:`load`, and raises nothing: the loader has ``reports`` and ``problems``, errors and warnings alike."""
    loader = Loader(_extras(suggested, extras), progress)
    for path in paths:
        loader.read_all(path)
    if local is not None:
        loader.read(local, is_local=True)
    for name, content in more:
        loader.add(SourceFile(name, content))
    loader.finish()
    return loader


@contextmanager
def _without_collector() -> Iterator[None]:
    """Nearly all that loading makes stays: a collector that walks it again and again takes half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _extras(suggested: bool, extras: Sequence[Extra]) -> Sequence[Extra]:
    return (SUGGESTED_OUTPUT, *extras) if suggested else extras


def rule_files(path: Path) -> Iterator[Path]:
    """The file, or the rule files of a folder by name. Raises OSError for a folder that cannot be listed."""
    if path.is_dir():
        yield from sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml") and file.is_file())
    else:
        yield path


class Loader:
    """Files one after the other into one collection, compiled after each: no file may need a later one.

    :attr:`reports` tells of each file what Falco would; :meth:`result` gives the rules, or every problem.
    """

    def __init__(self, extras: Sequence[Extra] = (), progress: Progress | None = None) -> None:
        self._reporter = Reporter()
        self._extras = extras
        self._progress = progress
        self.collection = Collection(self._reporter.report_item)
        self.requirements: list[Requirement] = []
        self.compilation: Compilation | None = None
        self._adders: dict[str, Callable[[Item], None]] = {
            "required_engine_version": check_engine_version,
            "required_plugin_versions": partial(_require, self.requirements),
            "list": self.collection.add_list,
            "macro": self.collection.add_macro,
            "rule": self.collection.add_rule,
        }
        """Kind of item → what becomes of one. None refers to the loader: a loaded file leaves no garbage in circles."""

    @property
    def reports(self) -> list[FileReport]:
        """What was found, file by file."""
        return self._reporter.files

    @property
    def problems(self) -> list[Problem]:
        """Every problem once, by file, line and column."""
        return self._reporter.problems

    def read_all(self, path: Path) -> None:
        """A file, or the rule files of a folder."""
        try:
            files = list(rule_files(path))
        except OSError as error:
            self._cannot_read(path, error)
            return
        for file in files:
            self.read(file)

    def read(self, path: Path, *, is_local: bool = False) -> None:
        """A file. What cannot be read is a problem, too."""
        try:
            content = read_file(path)
        except DocumentError as error:
            self._reporter.begin_file(str(path))
            self._reporter.report(error.code, error.message, error.place, hint=error.hint)
            return
        self.add(SourceFile(str(path), content), is_local=is_local)

    def _cannot_read(self, path: Path, error: OSError) -> None:
        self._reporter.begin_file(str(path))
        message = f"cannot read: {error.strerror or error}"
        self._reporter.report("LOAD_ERR_FILE_READ", message, Place(str(path)))

    def add(self, source: SourceFile, *, is_local: bool = False) -> None:
        """A file's content: its items are added, then everything is compiled. Of a local file those for what is not
        loaded are left out."""
        self._reporter.begin_file(source.name)
        self._reporter.add_source(source)
        with _without_collector():
            self._add_items(source, is_local=is_local)
            self._reporter.begin_compiling()
            self.compilation = Compilation(self.collection, self._reporter, self._extras, self._progress)

    def _add_items(self, source: SourceFile, *, is_local: bool) -> None:
        found = list(items(source))
        lacks = lacking(found, self._loaded(), self.collection.rules) if is_local else {}
        for number, item in enumerate(found):
            if isinstance(item, ItemError):
                self._error(item)
            elif number in lacks:
                self._leave_out(item, no_need(_title(item, _kind(item) or "rule"), lacks[number]))
            else:
                self._add_item(item, is_local=is_local)

    def _loaded(self) -> list[str]:
        return [*map(needs.macro, self.collection.macros), *map(needs.listed, self.collection.lists)]

    def finish(self) -> None:
        """After the last file: whether the plugins that the files ask for are there."""
        self._reporter.end_files()
        for message, place in unmet(self.requirements):
            self._reporter.report(VALIDATE, message, place)

    def result(self) -> RuleSet:
        """The rules, after the end of the files. Raises RulesError."""
        problems = self.problems
        if self._reporter.has_errors:
            raise RulesError([problem for problem in problems if problem.is_error])
        return RuleSet(self.compilation.rules if self.compilation else (), problems)

    def _add_item(self, item: Item, *, is_local: bool) -> None:
        kind = _kind(item)
        if kind is None:
            hint = next(filter(None, (nearest(key, _KNOWN_KEYS, 0.6) for key in item.nodes)), _KINDS)
            self._reporter.report_item("LOAD_UNKNOWN_ITEM", "Unknown top level item", item.place, hint)
            return
        self._reporter.item = _title(item, kind)
        try:
            self._adders[kind](item)
        except ItemError as error:
            if is_local and isinstance(error, NoTargetError):
                self._leave_out(item, no_target(error.target or self._reporter.item))
            else:
                self._error(error)
        self._report_unknown_keys(item, _KNOWN_KEYS[kind])
        self._reporter.item = ""

    def _report_unknown_keys(self, item: Item, known: set[str]) -> None:
        for key in item.nodes:
            if key not in known:
                message = f"Unknown key '{key}'. The key will be ignored."
                hint = nearest(key, sorted(known), 0.6) or f"keys: {', '.join(sorted(known))}"
                self._reporter.report_item("LOAD_UNKNOWN_KEY", message, item.key_places[key], hint)

    def _leave_out(self, item: Item, why: str) -> None:
        self._reporter.report_item(LEFT_OUT, why, item.place, WITH_ITS_FILE)

    def _error(self, error: ItemError) -> None:
        self._reporter.report_item(error.code, error.message, error.place, error.hint)


def _require(requirements: list[Requirement], item: Item) -> None:
    requirements.extend(plugin_requirements(item))


def _kind(item: Item) -> str | None:
    return next((kind for kind in _KNOWN_KEYS if kind in item), None)


def _title(item: Item, kind: str) -> str:
    name = getattr(item.nodes[kind], "value", "")
    return f"{kind} '{name}'" if isinstance(name, str) else kind
