"""How text is made to fit: cut with an ellipsis, and no figure is cut so that it reads as another.

Of ``exited 127`` there is nothing between all of it and ``exited …``: what is left of a figure is a figure, too. A name
that is cut is known by its beginning.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, chop_cells, set_cell_size

_FIGURE = re.compile(r"(?<!\w)[A-Z]?\d+(?:,\d{3})*(?:\.\d+)?[A-Za-zµ%]{0,2}(?!\w)")
"""``127``, ``1,234``, ``1.2k``, ``48M``, ``99.8%``, ``W37``, each number of an address; not the digits in a name."""


def short(text: str, width: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if cell_len(text) <= width else f"{beginning(text, width - 1)}…"


def beginning(text: str, width: int) -> str:
    """What of the text is shown in so many cells before an ellipsis; it may be shorter."""
    kept = set_cell_size(text, max(0, width))
    for figure in _FIGURE.finditer(text):
        if figure.start() < len(kept) <= figure.end() and len(kept) < len(text):
            return kept[: figure.start()]
    return kept


def end(text: str, width: int) -> str:
    """What of the text is shown in so many cells behind an ellipsis; it may be shorter."""
    kept = chop_cells(text[::-1], width)[0][::-1] if width > 0 else ""
    gone = len(text) - len(kept)
    for figure in _FIGURE.finditer(text):
        if figure.start() <= gone < figure.end() and gone:
            return text[figure.end() :]
    return kept
