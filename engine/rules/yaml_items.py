"""Rule files as YAML: documents, items and their keys, with the place of everything.

Scalars are taken as written (``items: [80, 0x50, true]`` are three words), and of a key that stands twice the first
counts: both as Falco does it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

import yaml

from engine.rules import documents as yaml_documents
from engine.rules.documents import LINE_END, DocumentError
from engine.rules.scalars import scalar_text
from engine.rules.text import Place, Text

YAML_PARSE = yaml_documents.YAML_PARSE
YAML_VALIDATE = "LOAD_ERR_YAML_VALIDATE"
VALIDATE = "LOAD_ERR_VALIDATE"

_WHOLE = re.compile(
    r"[ \t\r\n]*\+?(?:0[xX](?P<hex>[0-9a-fA-F]{1,8})|(?P<octal>0[0-7]{0,11})|(?P<decimal>[1-9][0-9]{0,9}))[ \t\r\n]*"
)
_MOST = 2**32 - 1
_TRUE = {"y", "yes", "true", "on"}
_FALSE = {"n", "no", "false", "off"}


WHERE_IT_IS = "give the files that define it before this one; of those that are shipped, the folder rules/"
"""What to do about a change of something that is not there."""


class ItemError(DocumentError):
    """An item that cannot be used; what is wrong has a place."""


class NoTargetError(ItemError):
    """An item that changes what is not there: ``target``, or for "" what it is named after."""

    def __init__(self, message: str, place: Place, target: str = "", hint: str = WHERE_IT_IS) -> None:
        super().__init__(VALIDATE, message, place, hint)
        self.target = target


@dataclass
class SourceFile:
    """A file's name and lines; a byte order mark is taken off."""

    name: str
    text: str
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.text = self.text.removeprefix("\ufeff")
        self.lines = LINE_END.split(self.text)

    def place(self, node: yaml.Node) -> Place:
        """Where a node begins."""
        return Place(self.name, node.start_mark.line + 1, node.start_mark.column + 1)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(end.end() for end in LINE_END.finditer(self.text))]

    def offset(self, place: Place) -> int:
        """How many characters stand before a place."""
        return self._starts[place.line - 1] + place.column - 1 if 0 < place.line <= len(self._starts) else 0


class Item:
    """One entry of a rule file: a mapping, asked for its keys."""

    def __init__(self, source: SourceFile, node: yaml.MappingNode) -> None:
        self.source = source
        self.place = source.place(node)
        self.nodes: dict[str, yaml.Node] = {}
        self.key_places: dict[str, Place] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value not in self.nodes:
                self.nodes[key.value] = value
                self.key_places[key.value] = source.place(key)

    def __contains__(self, key: str) -> bool:
        return key in self.nodes

    def fail(self, message: str, key: str = "", hint: str = "") -> ItemError:
        """An error at a key's value, or at the item."""
        return ItemError(YAML_VALIDATE, message, self.place_of(key), hint)

    def place_of(self, key: str) -> Place:
        """Where a key's value stands, else the item's place."""
        return self.source.place(self.nodes[key]) if key in self.nodes else self.place

    def text(self, key: str) -> Text:
        """A scalar that must be there and not empty. Raises ItemError."""
        self.require(key)
        text = self._scalar(self.nodes[key], key)
        if not text.value:
            raise self.fail("Value must be non-empty", key)
        return text

    def require(self, key: str) -> None:
        """Raises ItemError when the key is not there."""
        if key not in self.nodes:
            raise self.fail(f"Item has no mapping for key '{key}'", hint=self._nearest(key))

    def _nearest(self, key: str) -> str:
        close = get_close_matches(key, self.nodes, n=1)
        return f"is '{close[0]}' meant to be '{key}'?" if close else ""

    def scalar(self, node: yaml.ScalarNode) -> Text:
        """The text of a scalar in this item."""
        return scalar_text(node, self.source.name, self.source.lines)

    def _scalar(self, node: yaml.Node, key: str) -> Text:
        if is_null(node):
            raise self.fail(f"Mapping for key '{key}' is empty", key)
        if not isinstance(node, yaml.ScalarNode):
            raise self.fail("Value is not a scalar value", key)
        return scalar_text(node, self.source.name, self.source.lines)

    def boolean(self, key: str, default: bool = False) -> bool:
        """A yes or no, in YAML's spellings. Raises ItemError."""
        if key not in self.nodes:
            return default
        word = self._scalar(self.nodes[key], key).value
        if word not in (word.lower(), word.upper(), word.capitalize()) or word.lower() not in _TRUE | _FALSE:
            raise self.fail(f"Can't decode YAML scalar value '{word}'", key, "write true or false")
        return word.lower() in _TRUE

    def integer(self, key: str, default: int = 0) -> int:
        """A whole number. Raises ItemError."""
        if key not in self.nodes:
            return default
        word = self._scalar(self.nodes[key], key).value
        if (number := whole_number(word)) is None:
            raise self.fail(f"Can't decode YAML scalar value '{word}'", key, "write a whole number")
        return number

    def optional(self, key: str) -> str:
        """A scalar that may be missing, null or empty: "" then. Raises ItemError."""
        if key not in self.nodes or is_null(self.nodes[key]):
            return ""
        return self._scalar(self.nodes[key], key).value

    def same_source(self, source: str, default: str = "") -> None:
        """Raises ItemError when the item names another source of events than a rule has already."""
        if (self.optional("source") or default) not in ("", source):
            message = "Rule has been re-defined with a different source"
            raise ItemError(VALIDATE, message, self.place_of("source"), f"the rule's source is {source}")

    def texts(self, key: str) -> list[Text]:
        """A sequence of scalars; none when the key is not there. Raises ItemError."""
        if key not in self.nodes:
            return []
        return [self.element(node, key) for node in self.sequence(key)]

    def element(self, node: yaml.Node, key: str) -> Text:
        """A scalar in a sequence. Raises ItemError."""
        if is_null(node) or not isinstance(node, yaml.ScalarNode):
            raise ItemError(YAML_VALIDATE, f"sequence value of '{key}' is not scalar", self.source.place(node))
        return scalar_text(node, self.source.name, self.source.lines)

    def sequence(self, key: str) -> list[yaml.Node]:
        """The nodes of a sequence. Raises ItemError."""
        node = self.nodes[key]
        if not isinstance(node, yaml.SequenceNode):
            raise self.fail("Value is not a sequence", key, "write a list: [a, b]")
        return list(node.value)

    def mapping(self, key: str) -> Item:
        """A mapping as an item of its own. Raises ItemError."""
        node = self.nodes[key]
        if not isinstance(node, yaml.MappingNode):
            raise self.fail("Value is not a mapping", key)
        return Item(self.source, node)


def whole_number(text: str) -> int | None:
    """What YAML reads as a number of 32 bits, none of them for a sign: also in octal (010) and hexadecimal (0x10)."""
    match = _WHOLE.fullmatch(text)
    if match is None:
        return None
    bases = (("hex", 16), ("octal", 8), ("decimal", 10))
    number = next(int(digits, base) for name, base in bases if (digits := match[name]))
    return number if number <= _MOST else None


def is_null(node: yaml.Node) -> bool:
    """Whether a node is a plain null: ``~``, ``null`` or nothing."""
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("", "~", "null", "Null", "NULL")


def items(source: SourceFile) -> Iterator[Item | ItemError]:
    """The items of a file in order; what is wrong with its shape, as an error, in their stead."""
    try:
        for document in yaml_documents.documents(source.text, source.name):
            yield from _document(source, document)
    except DocumentError as error:
        yield ItemError(error.code, error.message, error.place, error.hint)


def _document(source: SourceFile, document: yaml.Node | None) -> Iterator[Item | ItemError]:
    if document is None or is_null(document):
        return
    if isinstance(document, yaml.ScalarNode):
        yield ItemError(YAML_VALIDATE, "Rules content is not yaml", source.place(document), "a file is a list of items")
    elif isinstance(document, yaml.SequenceNode):
        for node in document.value:
            if isinstance(node, yaml.MappingNode):
                yield Item(source, node)
            elif not is_null(node):
                message = "Unexpected element type. Each element should be a yaml associative array."
                yield ItemError(YAML_VALIDATE, message, source.place(node), "an item is '- rule: …', '- macro: …'")
    else:
        message = "Rules content is not yaml array of objects"
        yield ItemError(YAML_VALIDATE, message, source.place(document), "begin each item with '- '")
