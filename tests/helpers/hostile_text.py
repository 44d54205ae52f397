"""Text for fuzzing: real rules and what becomes of them when they are cut, doubled, nested and mixed with odd bytes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml
from hypothesis import strategies as st

_ROOT = Path(__file__).parents[2]
_UPSTREAM = _ROOT.parent / "shared" / "falco" / "rules"

ODD = [
    "\0",
    "\x01",
    "\x85",
    "\u2028",
    "\u202e",
    "\ufeff",
    "\udcff",
    "\ud800",
    "\U0010ffff",
    "é",
    "\r",
    "\t",
    "\b",
    "\x7f",
]
NUMBERS = ["0", "-1", "007", "0x1F", "1e400", "9" * 30, "9" * 5000, "-" + "9" * 20, "²", "٣", "1_000", "0.5"]
WORDS = [
    *(
        "and",
        "or",
        "not",
        "exists",
        "in",
        "intersects",
        "pmatch",
        "=",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "glob",
        "iglob",
    ),
    *(
        "regex",
        "contains",
        "icontains",
        "bcontains",
        "startswith",
        "bstartswith",
        "endswith",
        "oneof",
        "anyof",
        "allof",
    ),
    *("(", ")", "[", "]", ",", "'", '"', "\\", "\\x", "\\xff", "%", "%%", "*", "val(", "tolower(", "join(", "getopt("),
    *("len(", "b64(", "concat(", "basename(", "evt.type", "evt.num", "evt.arg.flags", "evt.arg[0]", "evt.rawarg.fd"),
    *(
        "fd.net",
        "fd.sip",
        "fd.sport",
        "fd.types",
        "proc.aname",
        "proc.aname[2]",
        "proc.pid",
        "container.mount.dest[/x]",
    ),
    *("open", "1.2.3.4", "::1", "10.0.0.0/8", "(((a{1000}){1000}){1000})", "[[:alpha:]", "[z-a]", "/etc/*", "spawned"),
]
YAML = [
    *(
        "- ",
        "? ",
        ": ",
        "&a ",
        "*a",
        "<<: *a",
        "!!python/object:os.system ",
        "!!binary ",
        "!x ",
        "| ",
        "> ",
        "|9+\n",
        "---\n",
    ),
    *(
        "...\n",
        "{",
        "}",
        "[",
        "]",
        "#",
        "%YAML 1.1\n",
        "'",
        '"',
        "\n",
        "\n  ",
        "~",
        "null",
        "- rule: x\n",
        "- macro: m\n",
    ),
    *("- list: l\n", "  items: [l]\n", "  condition: m\n", "  append: true\n", "  override: {condition: append}\n"),
    *("  exceptions: [{name: e, fields: [proc.name], values: [[a]]}]\n", "  enabled: false\n", "  priority: error\n"),
]


def rule_files() -> list[Path]:
    """Our rules; and Falco's, where they lie beside the repository."""
    return [*sorted((_ROOT / "rules").glob("*.yaml")), *sorted(_UPSTREAM.glob("*.yaml"))]


@cache
def conditions() -> list[str]:
    """The conditions of all rules and macros."""
    return list(dict.fromkeys(_values("condition")))


@cache
def outputs() -> list[str]:
    """The outputs of all rules."""
    return list(dict.fromkeys(_values("output")))


@cache
def items() -> list[str]:
    """The items of all rule files, as text."""
    return [f"- {part}" for path in rule_files() for part in path.read_text().split("\n- ") if len(part) < 2000]


def _values(key: str) -> Iterator[str]:
    for path in rule_files():
        for item in yaml.load(path.read_text(), yaml.BaseLoader):
            if isinstance(item, dict) and isinstance(item.get(key), str):
                yield item[key]


@st.composite
def mutated(draw: st.DrawFn, seeds: list[str], tokens: list[str]) -> str:
    """One of the seeds after some changes."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 3, 20])))
        new = draw(
            st.sampled_from(tokens)
            | st.sampled_from(ODD)
            | st.sampled_from(NUMBERS)
            | st.builds(lambda token, times: token * times, st.sampled_from(tokens), st.sampled_from([2, 50, 400]))
            | st.just(text[start : start + 40] * 3)
        )
        text = text[:start] + new + text[end:]
    return text


@st.composite
def assembled(draw: st.DrawFn, tokens: list[str]) -> str:
    """Tokens one behind the other, nested or not."""
    parts = draw(st.lists(st.sampled_from([*tokens, *NUMBERS, *ODD, " ", " ", "a.b", "x"]), max_size=25))
    return draw(st.sampled_from(["", " "])).join(parts)


CONDITIONS = mutated(conditions(), WORDS) | assembled(WORDS) | st.text(max_size=60)
OUTPUTS = mutated(outputs(), WORDS) | assembled(WORDS) | st.text(max_size=60)
ITEMS = st.lists(mutated(items(), [*YAML, *WORDS]), min_size=1, max_size=4).map("".join)
FILES = ITEMS | assembled(YAML) | st.text(max_size=60)
BYTES = FILES.map(
    lambda text: text.encode("utf-8", "surrogateescape" if text.isprintable() else "replace")
) | st.binary(max_size=60)
