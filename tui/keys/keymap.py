"""Which keys do what: the table of actions, and above it what the configuration says.

An id is a view and an action of :data:`tui.actions.ACTIONS`, ``alerts.acknowledge``. What is wrong with a row (no such
id, no such key, a key that two actions would have) is told with its place; that row has no effect and the others do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from engine.config.faults import PlacedError
from engine.config.remapping import Remapped
from engine.config.values import nearest
from tui.actions import ACTIONS, VIEWS, Action, actions_of, all_keys, display, sign
from tui.keys.names import NoKeyError, key_name

IDS: dict[str, Action] = {f"{view}.{action.id}": action for action in ACTIONS for view in action.views}
"""Every action of every view by its id."""

_ALWAYS = ("tabs", "inside", "everywhere", "time")
_OF_LISTS = ("alerts", "its_alerts", "timeline", "containers", "processes", "events", "changes", "rules")
TOGETHER: tuple[tuple[str, ...], ...] = (
    *((view, "list", *_ALWAYS) for view in _OF_LISTS),
    *((view, "text", "search", *_ALWAYS) for view in ("alert", "rule", "logs", "inspect")),
    ("filter", "everywhere"),
)
"""Views whose keys work at the same time: no key may mean two things there."""


def is_about_row(id: str) -> bool:
    """Whether an action is about the row of a list."""
    return id in IDS and id.split(".", 1)[0] in ("list", *_OF_LISTS) and IDS[id].about == "row"


class Keys:
    """The keys in force. ``changed`` has those that are not as in the table, by id, as Textual writes them."""

    def __init__(self, changed: Mapping[str, str] | None = None) -> None:
        self.changed = dict(changed or {})

    def of(self, view: str, action: Action) -> str:
        """The keys of an action, with commas between them."""
        return self.changed.get(f"{view}.{action.id}", action.keys)

    def shown(self, view: str, action: Action) -> str:
        """All its keys as the help shows them."""
        return all_keys(self.of(view, action))

    def written(self, id: str) -> list[str]:
        """All keys of an id, by Textual's names."""
        return self.changed.get(id, IDS[id].keys).split(",")

    def action(self, views: Iterable[str], key: str) -> Action | None:
        """What a key does in the first of these views that has it; the key by Textual's name."""
        ids = (f"{view}.{action.id}" for view in views for action in (actions_of(view) if view in VIEWS else ()))
        return next((IDS[id] for id in ids if key in self.written(id)), None)

    def sign(self, id: str) -> str:
        """The first key of an id, as it is written on the screen."""
        return display(self.changed.get(id, IDS[id].keys))


DEFAULT = Keys()


def settle(rows: Sequence[Remapped]) -> tuple[Keys, list[PlacedError]]:
    """The keys in force with these rows, and what is wrong with those that have no effect."""
    faults: list[PlacedError] = []
    found: dict[str, Remapped] = {}
    changed: dict[str, str] = {}
    for row in rows:
        try:
            changed[row.id] = _checked(row)
            found[row.id] = row
        except PlacedError as fault:
            faults.append(fault)
    while clashes := list(_clashes(changed)):
        for key, (one, other) in clashes:
            pairs = [(id, rival) for id, rival in ((one, other), (other, one)) if changed.pop(id, None) is not None]
            faults += [_clash(found[id], key, rival) for id, rival in pairs]
    return Keys(changed), sorted(faults, key=lambda fault: fault.mark[:3])


def _checked(row: Remapped) -> str:
    """The keys as Textual names them. Raises PlacedError."""
    if row.id not in IDS:
        raise PlacedError(f"there is no action {row.id!r}", row.mark, nearest(row.id, IDS))
    try:
        names = [key_name(key) for key in row.keys]
    except NoKeyError as error:
        raise PlacedError(str(error), row.keys_mark, error.hint) from None
    if row.id.startswith("filter.") and any(len(key) == 1 for key in row.keys):
        raise PlacedError("in a filter this key would be typed", row.keys_mark, "take one with ctrl, or F1 to F12")
    return ",".join(names)


def _clash(row: Remapped, key: str, other: str) -> PlacedError:
    return PlacedError(f"{row.id} and {other} would both have the key {display(key)}", row.keys_mark, "take another")


def _clashes(changed: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Keys that mean two things at the same time and did not in the table, with the ids."""
    told: set[tuple[str, str]] = set()
    for views in TOGETHER:
        ids = [id for id, action in IDS.items() if id.split(".", 1)[0] in views]
        for one, other in combinations(ids, 2):
            if (one in changed or other in changed) and (one, other) not in told:
                shared = _keys(one, changed) & _keys(other, changed) - (_keys(one, {}) & _keys(other, {}))
                if shared:
                    told.add((one, other))
                    yield min(shared), (one, other)


def _keys(id: str, changed: Mapping[str, str]) -> set[str]:
    return set(changed.get(id, IDS[id].keys).split(","))


# ── what `tiercel keys` lists ────────────────────────────────────────────────────────────────────────────────────────


def key_rows(keys: Keys) -> list[dict[str, str | list[str]]]:
    """Every action of every view: its id, where it works, its keys in force, and what it does."""
    return [
        {"id": f"{view}.{action.id}", "view": title, "keys": keys.of(view, action).split(","), "help": action.help}
        for view, title in VIEWS.items()
        for action in actions_of(view)
    ]


def key_lines(keys: Keys) -> list[str]:
    """The same as a table."""
    return [
        f"{row['id']:<28} {row['view']:<29} {' '.join(map(_typed, row['keys'])):<20} {row['help']}"
        for row in key_rows(keys)
    ]


def _typed(key: str) -> str:
    """A key as one would write it in the configuration."""
    written = sign(key)
    return written if len(written) == 1 and written.isascii() else key
