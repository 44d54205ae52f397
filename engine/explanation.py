"""Why a rule fired or did not: plain data, and how it reads as text. :mod:`engine.rules.explain` makes it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from engine.alerts import Value

MARKS = {True: "✓", False: "✗", None: "?"}
"""The sign before what holds, does not hold, and cannot be told."""


class Seen(msgspec.Struct, omit_defaults=True):
    """A field, and what it was."""

    field: str
    value: Value = None
    """None: the field has no value there, Falco's ``<NA>``."""
    known: bool = True
    """False: what is known of the event does not tell."""


class Step(msgspec.Struct, omit_defaults=True):
    """A node of a condition, and how it was judged."""

    text: str
    """``and``, ``or``, ``not``, or the check as it is written, long lists cut."""
    holds: bool | None
    """None: it cannot be told, because a field is not known."""
    needed: bool = True
    """False: what stands before it had decided already, so that nobody had to look."""
    macros: list[str] = []
    """The macros whose condition begins here, the outermost first."""
    file: str = ""
    line: int = 0
    """Where it is written: of a macro's node the macro's definition; 0 where nothing is known."""
    seen: list[Seen] = []
    """The fields of a check."""
    steps: list[Step] = []


class Explanation(msgspec.Struct, omit_defaults=True):
    """Why a rule fired on an event, or did not."""

    rule: str
    holds: bool | None
    """Whether the condition holds."""
    root: Step
    because: list[Step] = []
    """The fewest checks that decide it, as they came out."""
    otherwise: list[Step] = []
    """Of a rule that does not fire, or may: the fewest checks that would have to come out otherwise for it to fire. Of
    those that are not known it is said what has to be true: ``not proc.name = sh``."""
    file: str = ""
    line: int = 0
    notes: list[str] = []
    """What else keeps the rule from firing, or should be known of the event."""


class Line(msgspec.Struct):
    """A line of an explanation for people."""

    depth: int
    mark: str
    """One of :data:`MARKS`, or "" for a line that is about the whole."""
    text: str
    seen: str = ""
    """What the fields were."""
    file: str = ""
    line: int = 0
    needed: bool = True


def lines(explanation: Explanation) -> Iterator[Line]:
    """The verdict and its shortest reason first, then the whole tree."""
    verdict = f"{explanation.rule} {_VERDICTS[explanation.holds]}"
    yield Line(0, MARKS[explanation.holds], verdict, file=explanation.file, line=explanation.line)
    for note in explanation.notes:
        yield Line(1, "", note)
    yield from _reasons(explanation)
    yield from _otherwise(explanation)
    yield Line(0, "", "the whole condition")
    yield from _tree(explanation.root, 1)


def render_text(explanation: Explanation) -> Iterator[str]:
    """The same as text, a line each; what nobody had to look at stands in parentheses, and below is what that means."""
    said = list(lines(explanation))
    for line in said:
        text = line.text if line.needed else f"({line.text})"
        start = "  " * line.depth + (f"{line.mark} " if line.mark else "")
        place = f"{line.file}:{line.line}" if line.line else ""
        yield "  ".join(filter(None, (f"{start}{text}", line.seen and f"  {line.seen}", place)))
    if not all(line.needed for line in said):
        yield _PARENTHESES


def value_text(value: Value) -> str:
    """A value as a condition would write it."""
    if value is None:
        return "<NA>"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"({', '.join(map(str, value))})" if isinstance(value, list) else str(value)


_VERDICTS = {
    True: "fires",
    False: "does not fire",
    None: "may or may not fire: not all of its fields are known",
}
_PARENTHESES = "in parentheses: what nobody had to look at, as what stands before it had decided"


def _otherwise(explanation: Explanation) -> Iterator[Line]:
    """What would have to be otherwise, and what is not known and would have to be true."""
    known = [step for step in explanation.otherwise if step.holds is not None]
    if known:
        yield Line(0, "", "it would fire, were all this otherwise")
        yield from (_line(step, 1) for step in known)
    if unknown := [step for step in explanation.otherwise if step.holds is None]:
        yield Line(0, "", "and these were true" if known else "it fires, if these are true")
        yield from (_line(step, 1) for step in unknown)


def _reasons(explanation: Explanation) -> Iterator[Line]:
    """The checks that decide; of exceptions that were not met only their number."""
    yield Line(0, "", "because")
    shown = [step for step in explanation.because if step.holds is not False or not explanation.holds]
    yield from (_line(step, 1) for step in shown)
    if hidden := len(explanation.because) - len(shown):
        yield Line(1, "", f"and none of {hidden} exceptions was met" if hidden > 1 else "and the exception was not met")


def _tree(step: Step, depth: int) -> Iterator[Line]:
    yield _line(step, depth)
    for child in step.steps:
        yield from _tree(child, depth + 1)


def _line(step: Step, depth: int) -> Line:
    named = " = ".join([*step.macros, step.text]) if step.macros else step.text
    seen = ", ".join(map(_seen, step.seen))
    return Line(depth, MARKS[step.holds], named, seen, step.file, step.line, step.needed)


def _seen(seen: Seen) -> str:
    return f"{seen.field} is {value_text(seen.value) if seen.known else 'not known'}"
