"""What went wrong, and what to do, as sentences: elsewhere such texts go on behind a colon, and begin small."""

from __future__ import annotations

_FIRST_WORDS = frozenset(
    {
        "a", "alerts", "all", "an", "another", "ask", "cannot", "check", "choose", "close", "copy", "event", "events",
        "explanations", "free", "give", "in", "it", "its", "look", "mend", "move", "name", "no", "nobody", "none",
        "nothing", "once", "one", "only", "pick", "please", "put", "run", "see", "set", "start", "stop", "that", "the",
        "there", "this", "to", "try", "update", "use", "what", "without",
    }
)  # fmt: skip
"""Those with which a sentence begins, and no name."""


def sentence(text: str) -> str:
    """With a capital letter, unless a name may stand first, and with a full stop where none is."""
    if text.partition(" ")[0] in _FIRST_WORDS:
        text = text[0].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?", ":", "…")) else f"{text}."
