"""The filter that a person types above the alerts.

::

    shadow web              both words occur, in rule, container, image, process, command line, parent, target or user
    "bin/sh -i"             the words between quotation marks, as they stand
    -cron  !cron            the word does not occur
    process=sh              the value is exactly this; * stands for anything: image=nginx* (not behind ==)
    container!=web          the value is not this
    priority<=warning       at least as severe as Warning, as Falco counts (0 is Emergency)

    ! shadow web            none of these: what the rest of the filter keeps is left out

    container.name=web and fd.name startswith /etc      the rule language (:mod:`engine.filters.alert_columns`)

All terms must hold. Upper and lower case are the same. A filter becomes an SQL condition for the rows in the store
(:attr:`Filter.sql`) and a function for those in memory (:meth:`Filter.matches`); they mean the same.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import msgspec

from engine.alerts import Priority
from engine.errors import UsageError
from engine.filters import alert_columns
from engine.filters.alert_columns import ALERTS, STATES
from engine.filters.denied import refuse_denied
from engine.filters.length import refuse_long
from engine.filters.meant import QUOTED
from engine.filters.query import prepared, refuse_value, split_inversion
from engine.filters.stars import fitting
from engine.lang.fields import FIELDS


class Subject(msgspec.Struct, frozen=True):
    """What a filter looks at. The store's table of stacks has columns of the same names."""

    rule: str
    priority: int
    container_id: str
    container: str
    image: str
    process: str
    cmdline: str
    parent: str
    target: str
    user: str
    tags: list[str]
    """In SQL a JSON array."""
    state: str = "new"

    @property
    def search(self) -> str:
        """The text in which words are looked for, case folded; a column of its own in SQL."""
        texts = (self.rule, self.container, self.image, self.process, self.cmdline, self.parent, self.target, self.user)
        return "\n".join(texts).casefold()


@dataclass(frozen=True, slots=True)
class Key:
    """Something that has a value. ``sql`` is a condition on the value ``v``, written in the placeholder ``{test}``."""

    name: str
    field: str
    """Falco's name for it, understood as well."""
    sql: str
    values: Callable[[Subject], Iterable[str]]
    only: Collection[str] = ()
    """All values that there can be, if that is known."""


def _plain(name: str, field: str, only: Collection[str] = ()) -> Key:
    sql = f"(SELECT {{test}} FROM (SELECT fold({name}) AS v))"  # noqa: S608 - name is a column's, from KEYS
    return Key(name, field, sql, lambda subject: [getattr(subject, name)], only)


def _container_names(subject: Subject) -> list[str]:
    return [subject.container, subject.container_id, subject.container_id[:12] or "host"]


_CONTAINER_SQL = (
    "EXISTS (SELECT 1 FROM (SELECT fold(container) AS v UNION ALL SELECT container_id"
    " UNION ALL SELECT iif(container_id = '', 'host', substr(container_id, 1, 12))) WHERE {test})"
)
_TAG_SQL = "EXISTS (SELECT 1 FROM (SELECT fold(value) AS v FROM json_each(tags)) WHERE {test})"

KEYS = {
    key.name: key
    for key in (
        _plain("rule", "evt.rule"),
        Key("container", "container.name", _CONTAINER_SQL, _container_names),
        _plain("image", "container.image"),
        _plain("process", "proc.name"),
        _plain("cmdline", "proc.cmdline"),
        _plain("parent", "proc.pname"),
        _plain("user", "user.name"),
        _plain("target", "fd.name"),
        _plain("state", "alert.state", STATES),
        Key("tag", "tags", _TAG_SQL, lambda subject: subject.tags),
    )
}
"""What can stand before ``=`` and ``!=``; ``priority`` can be compared, too."""

_CONTAINER_ID = Key(
    "container.id",
    "container.id",
    "(SELECT {test} FROM (SELECT iif(container_id = '', 'host', substr(container_id, 1, 12)) AS v))",
    lambda subject: [subject.container_id[:12] or "host"],
)
_FIELDS = {key.field: key for key in (*KEYS.values(), _CONTAINER_ID)} | {
    column.name: KEYS[column.short] for column in ALERTS.columns.values() if column.short in KEYS
}
_PRIORITIES = frozenset({"priority", "evt.priority", "rule.priority"})
_KNOWN = frozenset({*KEYS, *_FIELDS, *_PRIORITIES, *ALERTS.names, *FIELDS})

COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "=": lambda left, right: left == right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
}
"""What can stand after ``priority``. Spelled the same in SQL."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter; the empty text lets everything pass."""

    sql: str
    """A condition with ``?`` for each of ``parameters``; needs the SQL function ``fold`` (:func:`fold`)."""
    parameters: tuple[str | int, ...]
    _tests: tuple[Callable[[Subject], bool], ...]

    def matches(self, subject: Subject) -> bool:
        """Whether all terms hold."""
        return all(test(subject) for test in self._tests)

    def inverted(self) -> Filter:
        """What lets the others pass."""
        return Filter(f"NOT ({self.sql})", self.parameters, (lambda subject: not self.matches(subject),))


def fold(text: str | None) -> str:
    """How texts are compared: the SQL function of the same name."""
    return (text or "").casefold()


def parse_filter(text: str) -> Filter:
    """Read a filter. Raises UsageError, naming the column, for one that cannot be understood."""
    refuse_long(text)
    inverted, text = split_inversion(text)
    found = _parse(text)
    return found.inverted() if inverted else found


def _parse(text: str) -> Filter:
    if is_condition(text):
        node = ALERTS.node(text)
        return Filter(*alert_columns.condition(node), (prepared(node, ALERTS.resolve),))
    refuse_denied(text, _KNOWN)
    terms = [_compile(match) for match in _tokens(text)]
    return Filter(
        sql=" AND ".join(term.sql for term in terms) or "1",
        parameters=tuple(term.parameter for term in terms),
        _tests=tuple(term.test for term in terms),
    )


_QUOTED = re.compile(QUOTED)
_CONDITION = re.compile(r"\b(?:and|or|not)\b|[()]|(?<=[\w\]])\s+(?:[<>!=]=|[<>=])")


def is_condition(text: str) -> bool:
    """Whether it is in the rule language: it has a field with an operator, and more than words and ``key=value``."""
    refuse_long(text)
    is_more = ALERTS.is_spelled(text) or _CONDITION.search(_QUOTED.sub('""', text)) is not None
    return is_more and ALERTS.has_check(text)


@dataclass(frozen=True, slots=True)
class _Term:
    sql: str
    parameter: str | int
    test: Callable[[Subject], bool]


# The look-ahead and its repetition make the head atomic: `process=` must not become a word. Possessive quantifiers
# would be shorter, but with groups inside they are broken before Python 3.11.5 (Debian 12 has 3.11.2).
_TOKEN = re.compile(
    r"""\s* (?= (?P<head> (?: (?P<key>[A-Za-z][\w.]*) (?P<op>[!<>=]=|[=<>]) )? (?P<not>[-!])? ) ) (?P=head)
            (?: "(?P<quoted>[^"]*)" (?=\s|$) | (?P<bare>[^\s"]+) (?=\s|$) )""",
    re.VERBOSE,
)


def _tokens(text: str) -> Iterable[re.Match[str]]:
    end = len(text.rstrip())
    at = 0
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise _error(len(text) - len(text[at:].lstrip()), *_diagnose(text[at:].strip()))
        yield match
        at = match.end()


def _diagnose(rest: str) -> tuple[str, str]:
    """What is wrong with the first term of a text that is no term."""
    term = rest.split(maxsplit=1)[0]
    if term.count('"') % 2:
        return 'a quotation mark " is not closed', 'a word cannot hold a " itself'
    if '"' in term:
        return f"{term!r} has a quotation mark in its middle", 'quote the whole word: "like this"'
    if term in ("-", "!"):
        return f"nothing stands after {term}", f'to look for {term} itself write "{term}"'
    return f"{term!r} has no value", 'as in process=sh; for an empty one process=""'


def _compile(match: re.Match[str]) -> _Term:
    value = match["bare"] if match["quoted"] is None else match["quoted"]
    if match["key"] is None:
        return _word(value, excluded=match["not"] is not None)
    value = (match["not"] or "") + value
    if match["key"].casefold() in _PRIORITIES:
        return _priority(match["op"], value, match.start("key"))
    return _value(_key(match), match["op"], value, match)


def _word(word: str, *, excluded: bool) -> _Term:
    folded = word.casefold()
    sql = "instr(search, ?) = 0" if excluded else "instr(search, ?) > 0"
    return _Term(sql, folded, lambda subject: (folded in subject.search) is not excluded)


def _priority(operator: str, word: str, at: int) -> _Term:
    level = _level(word, at)
    compare = COMPARISONS[operator]
    return _Term(f"priority {operator} ?", int(level), lambda subject: compare(subject.priority, level))


def _level(word: str, at: int) -> Priority:
    levels = {level.label.casefold(): level for level in Priority} | {"info": Priority.INFORMATIONAL}
    level = (levels | {str(int(level)): level for level in Priority}).get(word.casefold())
    if level is None:
        raise _error(at, f"{word!r} is no priority", f"one of {', '.join(levels)}")
    return level


def _key(match: re.Match[str]) -> Key:
    name = match["key"].casefold()
    key = KEYS.get(name) or _FIELDS.get(name)
    if key is None:
        near = difflib.get_close_matches(name, [*KEYS, "priority"], n=1)
        hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join([*KEYS, 'priority'])}"
        raise _error(match.start("key"), f"there is no key {name!r}", f'{hint} To look for the text, quote it: "…"')
    return key


def _value(key: Key, operator: str, value: str, match: re.Match[str]) -> _Term:
    if operator not in ("=", "==", "!="):
        raise _error(match.start("op"), f"{key.name} cannot be compared by {operator}", "use = or !=")
    pattern = value.casefold()
    glob = pattern.replace("[", "[[]").replace("?", "[?]")
    fits = fitting(pattern)
    if operator == "==":
        glob, fits = glob.replace("*", "[*]"), lambda text: text == pattern
    if not any(map(fits, key.only)):
        refuse_value(value, key.name, key.only, match.start("key"))
    negated = operator == "!="
    sql = key.sql.format(test="v GLOB ?")
    return _Term(
        f"NOT {sql}" if negated else sql,
        glob,
        lambda subject: any(fits(text.casefold()) for text in key.values(subject)) is not negated,
    )


def _error(at: int, message: str, hint: str) -> UsageError:
    return UsageError(f"filter, column {at + 1}: {message}", hint=hint)
