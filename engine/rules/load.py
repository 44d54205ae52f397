"""Rule files → :class:`RuleSet`: read, collect, compile. Everything wrong with them is found at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.errors import RulesError
from engine.rules.collection import Collection
from engine.rules.compiler import Compilation
from engine.rules.reporter import Reporter
from engine.rules.requirements import Requirement, check_engine_version, plugin_requirements, unmet
from engine.rules.ruleset import RuleSet
from engine.rules.text import Place
from engine.rules.yaml_items import VALIDATE, Item, ItemError, SourceFile, items

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


def load(paths: Sequence[Path], *, suggested: bool = True) -> RuleSet:
    """The rules of files and folders, in order; a folder gives its ``*.yaml`` and ``*.yml`` by name.

    ``suggested`` appends the container's fields to every output. Raises :class:`engine.errors.RulesError` with every
    problem; warnings are in :attr:`RuleSet.warnings`.
    """
    loader = _Loader(suggested)
    for path in paths:
        for file in rule_files(path):
            loader.read(file)
    return loader.result()


def loads(files: Sequence[tuple[str, str]], *, suggested: bool = True) -> RuleSet:
    """As :func:`load`, from (name, content) pairs."""
    loader = _Loader(suggested)
    for name, content in files:
        loader.add(SourceFile(name, content))
    return loader.result()


def rule_files(path: Path) -> Iterator[Path]:
    """The file, or the rule files of a folder by name. Raises OSError for a folder that cannot be listed."""
    if path.is_dir():
        yield from sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml") and file.is_file())
    else:
        yield path


class _Loader:
    """Files one after the other into one collection, compiled after each: no file may need a later one."""

    def __init__(self, suggested: bool) -> None:
        self._reporter = Reporter()
        self._suggested = suggested
        self._chain: tuple[str, ...] = ()
        self._collection = Collection(self._report)
        self._requirements: list[Requirement] = []
        self._compilation: Compilation | None = None
        self._adders: dict[str, Callable[[Item], None]] = {
            "required_engine_version": check_engine_version,
            "required_plugin_versions": self._require,
            "list": self._collection.add_list,
            "macro": self._collection.add_macro,
            "rule": self._collection.add_rule,
        }

    def read(self, path: Path) -> None:
        try:
            content = path.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            message = f"cannot read: {error.strerror or error}"
            self._reporter.report("LOAD_ERR_FILE_READ", message, Place(str(path)))
            return
        self.add(SourceFile(str(path), content))

    def add(self, source: SourceFile) -> None:
        self._reporter.add_source(source)
        for item in items(source):
            if isinstance(item, ItemError):
                self._error(item)
            else:
                self._add_item(item)
        self._reporter.begin_pass()
        self._compilation = Compilation(self._collection, self._reporter, suggested=self._suggested)
        self._reporter.end_pass()

    def _require(self, item: Item) -> None:
        self._requirements.extend(plugin_requirements(item))

    def result(self) -> RuleSet:
        for message, place in unmet(self._requirements):
            self._reporter.report(VALIDATE, message, place)
        problems = self._reporter.problems
        if self._reporter.has_errors:
            raise RulesError([problem for problem in problems if problem.is_error])
        return RuleSet(self._compilation.rules if self._compilation else (), problems)

    def _add_item(self, item: Item) -> None:
        kind = next((kind for kind in _KNOWN_KEYS if kind in item), None)
        if kind is None:
            self._report("LOAD_UNKNOWN_ITEM", "Unknown top level item", item.place)
            return
        self._chain = (_title(item, kind),)
        for key in item.nodes:
            if key not in _KNOWN_KEYS[kind]:
                self._report("LOAD_UNKNOWN_KEY", f"Unknown top level key '{key}'", item.key_places[key])
        try:
            self._adders[kind](item)
        except ItemError as error:
            self._error(error)
        self._chain = ()

    def _report(self, code: str, message: str, place: Place, hint: str = "") -> None:
        self._reporter.report(code, message, place, self._chain, hint)

    def _error(self, error: ItemError) -> None:
        self._report(error.code, error.message, error.place, error.hint)


def _title(item: Item, kind: str) -> str:
    name = getattr(item.nodes[kind], "value", "")
    return f"{kind} '{name}'" if isinstance(name, str) else kind
