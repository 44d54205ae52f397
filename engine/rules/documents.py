"""YAML read with bounds, for rule files and configurations: what a hostile or mistaken file could do to memory, stack
and time is refused with its reason.

* Files: regular ones of at most :data:`MAX_BYTES`, in UTF-8.
* Documents: at most :data:`MAX_DEPTH` collections within each other, :data:`MAX_NODES` values, and no more than
  :data:`MAX_EXPANDED` characters with all aliases written out. Tags are not acted on.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from engine.rules.text import Place

if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_BYTES = 8 * 1024 * 1024
"""Of one file: some 10,000 rules."""
MAX_DEPTH = 100
MAX_NODES = 500_000
MAX_EXPANDED = 16 * 1024 * 1024

YAML_PARSE = "LOAD_ERR_YAML_PARSE"
FILE_READ = "LOAD_ERR_FILE_READ"
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|(?<!^)\ufeff")
LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line in YAML."""

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class DocumentError(Exception):
    """A file or a document that cannot be used. ``code`` is Falco's."""

    def __init__(self, code: str, message: str, place: Place, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint


def read_file(path: Path) -> str:
    """The text of a file. Raises DocumentError; never waits for a writer and never reads without end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DocumentError(FILE_READ, f"cannot read: {error.strerror or error}", Place(str(path))) from None
    with os.fdopen(descriptor, "rb") as file:
        _refuse_others(os.fstat(descriptor).st_mode, path)
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        message = f"cannot read: the file is larger than {MAX_BYTES // 2**20} MiB"
        raise DocumentError(FILE_READ, message, Place(str(path)), "split it into several files")
    return decoded(raw, str(path))


def _refuse_others(mode: int, path: Path) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "no file")
        hint = "name an ordinary file with the text in it"
        raise DocumentError(FILE_READ, f"cannot read: it is {kind}, not a file", Place(str(path)), hint)


def decoded(raw: bytes, name: str) -> str:
    """The text of a file. Raises DocumentError."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line, column = _position(raw[: error.start].decode(), error.start)
        message = f"the byte 0x{raw[error.start]:02x} is not UTF-8"
        raise DocumentError(YAML_PARSE, message, Place(name, line, column), "save the file as UTF-8") from None


def _position(text: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of an index."""
    lines = LINE_END.split(text[:index])
    return len(lines), len(lines[-1]) + 1


def documents(text: str, name: str) -> Iterator[yaml.Node | None]:
    """The documents of a YAML stream, composed; raises DocumentError where the stream ceases to be usable."""
    try:
        for document in yaml.compose_all(text, Loader=_BoundedLoader):
            if "*" in text and "&" in text and document is not None:
                _Aliases(name).weigh(document)
            yield document
    except _BoundError as error:
        raise DocumentError(YAML_PARSE, str(error), _place(name, error.mark), error.hint) from None
    except yaml.MarkedYAMLError as error:
        place = _place(name, error.problem_mark or error.context_mark)
        raise DocumentError(YAML_PARSE, error.problem or str(error), place, _context(error)) from None
    except yaml.reader.ReaderError as error:
        index = _unreadable(text)
        message = f"the character U+{ord(text[index]):04X} cannot stand in YAML" if index >= 0 else error.reason
        place = Place(name, *_position(text, max(0, index)))
        raise DocumentError(YAML_PARSE, message, place, "take it out, or escape it in double quotes") from None
    except UnicodeEncodeError as error:
        message = f"the character U+{ord(text[error.start]):04X} is not Unicode text"
        raise DocumentError(YAML_PARSE, message, Place(name, *_position(text, error.start))) from None


def _context(error: yaml.MarkedYAMLError) -> str:
    """What was being read, and where that began."""
    if not error.context or error.context_mark is None:
        return error.context or ""
    mark = error.context_mark
    return f"{error.context} that begins at line {mark.line + 1}, column {mark.column + 1}"


def _unreadable(text: str) -> int:
    """Where the first character stands that YAML does not allow; -1 if there is none."""
    match = _NOT_YAML.search(text)
    return match.start() if match else -1


def _place(name: str, mark: yaml.Mark | None) -> Place:
    return Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)


class _BoundError(Exception):
    def __init__(self, message: str, mark: yaml.Mark | None, hint: str) -> None:
        super().__init__(message)
        self.mark = mark
        self.hint = hint


class _BoundedLoader(_Loader):
    """Counts depth and nodes while it composes: libyaml's own composer would overrun the stack."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0
        self._nodes = 0

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:
        """A node begins; its parent is known."""
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH:
            mark = current_node.start_mark if current_node else None
            message = f"more than {MAX_DEPTH} collections stand within each other"
            raise _BoundError(message, mark, "a rule file needs five; look for brackets that are never closed")
        if self._nodes > MAX_NODES:
            mark = current_node.start_mark if current_node else None
            raise _BoundError(f"the file has more than {MAX_NODES:,} values", mark, "split it into several files")

    def ascend_resolver(self) -> None:
        """A node ends."""
        self._depth -= 1

    def resolve(self, kind: object, value: object, implicit: object) -> str:
        """Scalars are taken as written: no type is guessed."""
        return ""


class _Aliases:
    """What a document comes to with every alias written out."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._weights: dict[int, int] = {}
        self._open: set[int] = set()

    def weigh(self, node: yaml.Node) -> int:
        """Characters and nodes, those under aliases counted each time. Raises _BoundError."""
        known = self._weights.get(id(node))
        if known is not None:
            return known
        if id(node) in self._open:
            raise _BoundError("an alias stands within its own anchor", node.start_mark, "write the value out")
        self._open.add(id(node))
        weight = 1 + (len(node.value) if isinstance(node, yaml.ScalarNode) else sum(map(self.weigh, _children(node))))
        if weight > MAX_EXPANDED:
            message = f"with its aliases written out this has more than {MAX_EXPANDED:,} characters"
            raise _BoundError(message, node.start_mark, "use fewer aliases")
        self._open.discard(id(node))
        self._weights[id(node)] = weight
        return weight


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    else:
        yield from node.value
