"""What a program wrote to its terminal, byte for byte: which sequences it used, and what it should not have written."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator

_STRING = r"(?:[^\x07\x1b\x9c]*)(?:\x07|\x1b\\)"
_TOKEN = re.compile(
    rf"\x1b\](?P<osc>{_STRING})|\x1b[PX^_](?P<dcs>{_STRING})|\x1b\[(?P<csi>[0-?]*[ -/]*[@-~])"
    r"|\x1b(?P<esc>[ -/]*[0-~])|(?P<control>[\x00-\x1f\x7f-\x9f])"
)
_OWN_CSI = re.compile(
    r"(?:\d{1,3}(?:;\d{1,3})*)?m"  # colours
    r"|(?:\d{1,3};\d{1,3})?H"  # to a cell
    r"|\?(?:25|1000|1002|1003|1004|1006|1015|1016|1049|2004|2026|2031|2048|7)[hl]"  # cursor, mouse, screen …
    r"|\?(?:2026|2048)\$p|>\d{1,2}u|<u|\?4m|\?997;[12]n|\?996n|[0-3]?[JK]"  # asked at the start; keys; clearing
    r"|>4;1m|!p"
)
"""What Textual itself writes, as far as it may."""
_OWN_OSC = re.compile(r"22;\w+\x07")
"""The form of the mouse pointer."""
_CLIPBOARD = re.compile(r"52;c;([A-Za-z0-9+/=]*)\x07")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def foreign(written: bytes) -> Iterator[str]:
    """All that the application would not write of its own accord, with what stands before it."""
    text = written.decode("utf-8", "surrogateescape")
    for found in _TOKEN.finditer(text):
        if not _is_own(found):
            yield f"{found.group()!r} behind {text[max(0, found.start() - 60) : found.start()]!r}"
    for letter in set(_TOKEN.sub("", text)):
        if unicodedata.category(letter) in _HIDDEN:
            yield f"{letter!r} is written"


def _is_own(found: re.Match[str]) -> bool:
    if (osc := found["osc"]) is not None:
        return bool(_OWN_OSC.fullmatch(osc)) or ((clip := _CLIPBOARD.fullmatch(osc)) is not None and _is_text(clip[1]))
    if found["csi"] is not None:
        return bool(_OWN_CSI.fullmatch(found["csi"]))
    return found["control"] in ("\r", "\n", "\x0f")


def _is_text(payload: str) -> bool:
    """Whether what goes to the clipboard is lines of plain text."""
    return all(line.isprintable() for line in base64.b64decode(payload).decode().split("\n"))


def copied(written: bytes) -> list[str]:
    """The texts that were given to the terminal's clipboard."""
    return [base64.b64decode(each).decode() for each in re.findall(rb"\x1b\]52;c;([^\x07]*)\x07", written)]
