"""How keys are written: as one types them, or by the names that Textual has for them."""

from __future__ import annotations

from string import ascii_lowercase, punctuation

from textual.keys import Keys as Known
from textual.keys import _character_to_key

from engine.config.values import nearest

_MODIFIERS = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_NAMES = frozenset(
    {*(key.value.rsplit("+", 1)[-1] for key in Known if "<" not in key.value), "space"}
    | {_character_to_key(character) for character in punctuation}
)


class NoKeyError(Exception):
    """There is no such key; ``hint`` has what was perhaps meant."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key!r} is no key")
        self.hint = nearest(key.lower(), sorted(_NAMES)) or "as in a, A, /, f5, ctrl+s, shift+up, space, enter"


def key_name(text: str) -> str:
    """Textual's name of a key: ``slash`` for ``/``, ``A`` for ``shift+a``. Raises NoKeyError."""
    if len(text) == 1:
        return _character_to_key(text)
    *modifiers, key = text.split("+")
    if any(modifier not in _MODIFIERS for modifier in modifiers):
        raise NoKeyError(text)
    if modifiers == ["shift"] and key.lower() in set(ascii_lowercase):
        return key.upper()
    if len(key) == 1:
        return "+".join([*modifiers, _character_to_key(key.lower())])
    if key.lower() not in _NAMES:
        raise NoKeyError(text)
    return "+".join([*modifiers, key.lower()])
