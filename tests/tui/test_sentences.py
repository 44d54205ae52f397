"""What a view says of what was refused begins and ends as a sentence, and leaves names as they are."""

from __future__ import annotations

import pytest

from tui.sentences import sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nobody can be watched in full here", "Nobody can be watched in full here."),
        ("a replay changes no rules", "A replay changes no rules."),
        ("try again", "Try again."),
        ("web was changed", "web was changed."),
        ("nginx", "nginx."),
        ("", ""),
        ("is it there?", "is it there?"),
    ],
)
def test_a_sentence(text: str, said: str) -> None:
    assert sentence(text) == said
