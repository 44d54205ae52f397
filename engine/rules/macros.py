"""Macros in conditions: each is parsed once and stands as a tree wherever its name does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from engine.lang.grammar import ConditionError, parse
from engine.lang.nearest import nearest
from engine.lang.nodes import And, Check, Constant, MacroRef, Node, Not, Or, leaves
from engine.rules.definitions import MacroDefinition
from engine.rules.lists import Lists
from engine.rules.loops import circles
from engine.rules.origins import MacroUse, Origins
from engine.rules.recovery import parse_all
from engine.rules.text import Text

Parse = Callable[[str], Node]


MAX_CHECKS = 20_000
"""Checks in one condition: far more than any rule has, and a bound for macros that multiply."""
MAX_NODES = 3 * MAX_CHECKS
"""Everything in one condition, the references on the way included."""
MAX_STEPS = 2_000_000
"""Nodes in the conditions of all rules together."""
MAX_LEVELS = 250
"""Levels of an expanded condition: what the 200 parentheses that Falco takes can come to, and some macros."""
MAX_HINTS = 50
"""Undefined names for which the nearest known one is looked for."""


class TooLargeError(Exception):
    """An expansion grew beyond what is allowed; the message says what."""


@dataclass(frozen=True, slots=True)
class Use:
    """A check in a rule's expanded condition: its text, and the macros on the way to it."""

    check: Check
    text: Text
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A reference that leads nowhere."""

    message: str
    text: Text
    index: int
    chain: tuple[str, ...]
    hint: str = ""


@dataclass
class Expansion:
    """A condition without macros, its checks, and what is wrong with its references."""

    node: Node = field(default_factory=lambda: Constant(False))
    uses: list[Use] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    macros: list[MacroUse] = field(default_factory=list)
    size: int = 0
    """Nodes so far."""
    steps: int = 0
    """Nodes and references so far."""
    level: int = 0

    @property
    def origins(self) -> Origins:
        """Where its parts were written."""
        return Origins([(use.text, use.check.position) for use in self.uses], tuple(self.macros))


class Macros:
    """The macros of a collection. ``used`` names those that something refers to."""

    def __init__(self, definitions: Iterable[MacroDefinition], lists: Lists, parse: Parse = parse) -> None:
        self._definitions = {each.name: each for each in definitions}
        self.used: set[str] = set()
        self.broken: dict[str, tuple[Text, list[ConditionError]]] = {}
        """The macros with syntax errors; what can be read of them is expanded nevertheless."""
        self._parsed: dict[str, tuple[Node, Text]] = {}
        self._hints: dict[str, str] = {}
        self._steps = 0
        for name, definition in self._definitions.items():
            text = lists.substituted(definition.condition)
            node, errors = parse_all(text.value, parse)
            self._parsed[name] = (node or Constant(True), text)
            if errors:
                self.broken[name] = (text, errors)
        self._references = {name: list(_references(node)) for name, (node, _) in self._parsed.items()}
        self._circles = circles({name: [ref.name for ref in refs] for name, refs in self._references.items()})

    def expand(self, node: Node, text: Text, item: str) -> Expansion:
        """A rule's condition expanded; every macro is visible to it. Raises TooLargeError."""
        result = Expansion()
        result.node = self._expand(node, text, (item,), (), result)
        return result

    def expanded(self, name: str) -> Node:
        """A macro's condition without macros; a reference that leads nowhere is false."""
        node, text = self._parsed[name]
        return self._expand(node, text, (f"macro '{name}'",), (name,), Expansion())

    def check(self, name: str) -> list[Trouble]:
        """What is wrong with the references of a macro, although no rule uses it."""
        text = self._parsed[name][1]
        chain = (f"macro '{name}'",)
        return [
            Trouble(trouble[0], text, ref.position, chain, trouble[1])
            for ref in self._references[name]
            if (trouble := self._reference_trouble(ref, name))
        ]

    def _reference_trouble(self, ref: MacroRef, name: str) -> tuple[str, str] | None:
        """A message and a hint for a reference that leads nowhere, or back."""
        if not self._visible(ref.name, (name,)):
            return f"Undefined macro '{ref.name}' used in filter.", self._nearest(ref.name)
        self.used.add(ref.name)
        if name == ref.name or self._circles[name] == self._circles[ref.name]:
            return f"reference loop in macro '{name}'", ""
        return None

    def _expand(
        self, node: Node, text: Text, chain: tuple[str, ...], stack: tuple[str, ...], result: Expansion
    ) -> Node:
        is_part = not isinstance(node, MacroRef)
        result.level += is_part
        result.size += is_part
        self._count(result, len(stack))
        match node:
            case MacroRef():
                expanded = self._reference(node, text, chain, stack, result)
            case Check():
                result.uses.append(Use(node, text, chain))
                expanded = node
            case Not(child=child):
                expanded = Not(self._expand(child, text, chain, stack, result), node.position)
            case And(children=children) | Or(children=children):
                parts = []
                for child in children:  # no comprehension: it would be one more frame for each level
                    parts.append(self._expand(child, text, chain, stack, result))  # noqa: PERF401
                expanded = type(node)(tuple(parts), node.position)
            case Constant():
                expanded = node
        result.level -= is_part
        return expanded

    def _count(self, result: Expansion, macros: int) -> None:
        """Raises TooLargeError: what is small as text can be large with its macros."""
        self._steps += 1
        result.steps += 1
        if len(result.uses) > MAX_CHECKS or result.steps > MAX_NODES:
            raise TooLargeError(f"the condition has more than {MAX_CHECKS:,} checks, macros included")
        if self._steps > MAX_STEPS:
            raise TooLargeError(f"the conditions so far have more than {MAX_STEPS:,} parts, macros included")
        if max(result.level, macros) > MAX_LEVELS:
            raise TooLargeError(f"the condition nests more than {MAX_LEVELS} levels deep, macros included")

    def _reference(
        self, ref: MacroRef, text: Text, chain: tuple[str, ...], stack: tuple[str, ...], result: Expansion
    ) -> Node:
        name = ref.name
        if not self._visible(name, stack):
            message = f"Undefined macro '{name}' used in filter."
            result.troubles.append(Trouble(message, text, ref.position, chain, self._nearest(name)))
            return Constant(False)
        self.used.add(name)
        if name in stack:
            message = f"reference loop in macro '{name}'"
            result.troubles.append(Trouble(message, text, ref.position, chain))
            return Constant(False)
        inner, inner_text = self._parsed[name]
        result.macros.append(MacroUse(result.size, name, self._definitions[name].place))
        return self._expand(inner, inner_text, (*chain, f"macro '{name}'"), (*stack, name), result)

    def _visible(self, name: str, stack: tuple[str, ...]) -> bool:
        """Rules see every macro; a macro sees those first defined before its own latest definition."""
        definition = self._definitions.get(name)
        if definition is None:
            return False
        return not stack or definition.order.first < self._definitions[stack[-1]].order.latest

    def _nearest(self, name: str) -> str:
        if name not in self._hints:
            known = self._definitions if len(self._hints) < MAX_HINTS else ()
            self._hints[name] = nearest(name, known, 0.6) or "a bare word is the name of a macro"
        return self._hints[name]


def _references(node: Node) -> Iterator[MacroRef]:
    return (leaf for leaf in leaves(node) if isinstance(leaf, MacroRef))
