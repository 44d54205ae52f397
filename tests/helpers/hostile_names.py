"""A corpus of names that whoever is watched may choose: each wants to be more than text, or to look like another."""

from __future__ import annotations

HOSTILE: dict[str, str] = {
    # what a terminal obeys
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "clipboard in eight bits": "\x9d52;c;ZXZpbA==\x9c",
    "title": "\x1b]0;7331\x1b\\",
    "link": "\x1b]8;;https://evil.example/7331\x1b\\press me\x1b]8;;\x1b\\",
    "clear": "\x1b[2J\x1b[H\x1bc",
    "move": "\x1b[7331;7331H\x1b[7331m",
    "eight bits": "\x9b7331;7331H\x9b2J\x90\x98\x9e\x9f",
    "device": "\x1bP+q544e\x1b\\\x1b[6n\x1b[c\x1b_G\x1b\\\x1b^\x1b\\",
    "modes": "\x1b[?1049l\x1b[?2026h\x1b[?7l\x1b(0\x0e",
    "keys": "\x05\x7f\x08\x0c\x0b\x0e\x0f\x11\x13\x1a",
    "picture": "\x1bPq#0;2;0;0;0~-\x1b\\\x1b]1337;File=:AAAA\x07",
    "lines": "one\ntwo\r\nthree\rfour\tfive\x85six\u2028seven\u2029eight",
    "print": "\x1b[5i\x1b[4i\x1b[20t\x1b[21t\x1b]11;?\x07",
    # what a reader is deceived by
    "turned": "invoice\u202efdp.exe\u202c\u2066a\u2069\u200f\u061c",
    "unseen": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u180eh\u3164i\u115fj\u2800k\ufe0fl\U000e0041m\U000e0100",
    "spaces": "a\u00a0b\u2003c\u3000d\u1680e",
    "private": "\ue000\uf8ff\U000f0000\U0010fffd\ufffe\U0001ffff",
    "surrogates": "\ud800\udfff\udc9b",
    # what changes the layout
    "wide": "漢字かな\uff76\uff9e日本語" * 12,
    "stacked": "Z" + "\u0301\u0302\u0336\u20dd" * 40 + "x",
    "leading marks": "\u0338\u0301\u20d2 begins with marks",
    "joined": "👩\u200d👩\u200d👧\u200d👦👍\U0001f3ff\U0001f1e9\U0001f1ea\U0001f1e9☝\U0001f3fb" * 3,
    "jamo": "\u1112\u1161\u11ab\u1173\u11bb한" * 8,
    "long": "L" * 4096,
    "long and wide": "漢" * 4096,
    "right to left": "שלום العربية",
    "indic": "क्षि நி ខ្មែ ကြော် ำ" * 3,
    # what a toolkit, a shell, a spreadsheet or a reader of Markdown takes for more than text
    "clickable": "[@click=app.quit]press me[/]",
    "clickable too": "[@click='app.bell']x[/][link=https://evil.example/7331]y[/link]",
    "unbalanced": "evil [/] end [bold",
    "styled": "[bold red on white]red[/] [$accent]x[/] \\[",
    "formula": '=HYPERLINK("https://evil.example/7331","x")',
    "formula too": "+1+cmd|' /C calc'!A0",
    "markdown": "![x](https://evil.example/7331)<script>alert(1)</script>|cell| ``` ` # *x*",
    "shell": "$(touch /tmp/7331)`id`;rm -rf ~ #'\"\\",
    "format": "%s %n {0} {x.__class__} %(x)s ${HOME} %proc.name",
    "path": "../../../../tmp/7331",
    "yaml": "x: [*a, &b c] # - {k: 'v\" \n- rule: y",
    "empty": "",
    "space": "   ",
}
"""By what each is."""

ALL = "".join(text for name, text in HOSTILE.items() if "long" not in name)
"""All of it in one."""


def printable(text: str) -> str:
    """The same without lone surrogates, for what must be Unicode."""
    return text.encode("utf-8", "replace").decode()
