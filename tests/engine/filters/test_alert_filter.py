"""The filter above the alerts: what people type, and that SQL and memory agree on what it means."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.errors import UsageError
from engine.filters.alert_columns import ALERTS, STATES, fits
from engine.filters.alert_filter import KEYS, Subject, fold, is_condition, parse_filter
from engine.filters.length import MAX_LENGTH

WEB = Subject(
    rule="Sensitive file read",
    priority=4,
    container_id="3f" * 32,
    container="web",
    image="registry.example/shop/web:1.4",
    process="cat",
    cmdline="cat -n /etc/shadow",
    parent="sh",
    target="/etc/shadow",
    user="Zoë",
    tags=["T1003", "container"],
)
HOST = Subject(
    rule="Shell",
    priority=5,
    container_id="",
    container="",
    image="",
    process="bash",
    cmdline="bash -i [x?]",
    parent="sshd",
    target="",
    user="root",
    tags=[],
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "shadow",
        "SHADOW Cat",
        '"cat -n"',
        "-cron",
        "!cron",
        '-"no such"',
        "ZOË",
        "process=cat",
        "proc.name=CAT",
        "process!=ca",
        "image=*web:*",
        "process==cat",
        "Process=cat",
        "Process = cat",
        "PRIORITY<=Warning and Process=cat",
        "Process=nope or Parent=sh",
        "priority<=4",
        "priority==4",
        "PRIORITY<=Warning PROC.NAME=cat",
        "image=registry.example/*",
        'rule="sensitive FILE read"',
        "container=web",
        "container=3f3f3f3f3f3f",
        f"container={'3f' * 32}",
        "container!=db",
        "container!=host",
        "tag=t1003",
        "tag!=T1059",
        "tag=T1*",
        "priority<=warning",
        "priority<=Notice",
        "priority>=error",
        "priority!=debug",
        "priority=WARNING",
        "evt.priority<info",
        "user=zoë",
        "shadow process=cat -cron priority<=warning",
        "container.name=web and fd.name startswith /etc",
        "process=cat or process=sh",
        "not (proc.name in (sh, bash)) and priority<=Warning",
        "rule.priority = 4",
        "rule.tags = T1003 and tag != T1059",
        "fd.name pmatch (/etc, /root)",
        "proc.cmdline regex 'cat.*shadow'",
        "proc.cmdline glob 'cat*' and rule.name icontains sensitive",
        "fd.name endswith shadow and fd.name exists",
        "container.id = 3f3f3f3f3f3f",
        "tag in (T1003, container)",
        r'not fd.name = "a\" process=x" and process=cat',
        'rule.name="sensitive FILE read"',
        "rule.tags=t1003 rule.priority<=warning",
        "container.id=3f3f*",
        "process contains ca",
        "image=*web:* shadow cat",
        "! cron",
        "! shadow cron",
        "! process=sh or image=x",
    ],
)
def test_terms_that_hold(text: str) -> None:
    assert parse_filter(text).matches(WEB)
    assert in_sql(text, WEB)


@pytest.mark.parametrize(
    "text",
    [
        "cron",
        "shadow cron",
        "-shadow",
        '"shadow cat"',
        "process=ca",
        "process!=CAT",
        "image=web",
        "container!=web",
        "container!=3f3f3f3f3f3f",
        "container=host",
        "tag=T10",
        "tag!=container",
        "priority<=error",
        "priority>warning",
        'target=""',
        "rule=sensitive",
        "process = CAT",
        "! shadow",
        " !  container.name=web and fd.name startswith /etc",
        "container.name=web and not fd.name startswith /etc",
        "container.name = host or proc.name = sh",
        "rule.tags = T10 or tag != container",
        "fd.name pmatch (/et) and proc.name exists",
    ],
)
def test_terms_that_do_not_hold(text: str) -> None:
    assert not parse_filter(text).matches(WEB)
    assert not in_sql(text, WEB)


@pytest.mark.parametrize(
    "text",
    [
        "container.name = host and not fd.name exists",
        "not (fd.name = x) and not (fd.name != x) and not tag exists",
        "container=host",
        'image=""',
        'target=""',
        "tag!=x",
        "[x?]",
        'cmdline="bash -i [x?]"',
        "cmdline=*[x?]",
    ],
)
def test_the_host_and_empty_values(text: str) -> None:
    assert parse_filter(text).matches(HOST)
    assert in_sql(text, HOST)


@pytest.mark.parametrize(
    ("text", "column", "reason", "hint"),
    [
        ("proces=sh", 1, "no key 'proces'", "did you mean process?"),
        ("web  LD_PRELOAD=/x", 6, "no key 'ld_preload'", 'quote it: "…"'),
        ("priority<=loud", 1, "'loud' is no priority", "emergency, alert"),
        ("x container<web", 12, "container cannot be compared by <", "use = or !="),
        ('a "b c', 3, "not closed", "cannot hold"),
        ('a b"c" d', 3, "in its middle", "quote the whole word"),
        ("a - b", 3, "nothing stands after -", 'write "-"'),
        ("container.name=web and fd.nam startswith /etc", 24, "no field fd.nam", "did you mean fd.name?"),
        ("process = sh and web", 18, "'web' alone is no check", "a field stands first"),
        ("process=sh and (image=x", 24, "expected a ')'", "never closed"),
        ("process=sh and priority<=loud", 26, "'loud' is no priority", "emergency, alert"),
        ("image=x and proc.name[1]=y", 13, "takes no argument", "write proc.name"),
        ("tolower(proc.name) = x and image=y", 1, "with values only", "no transformers"),
        ("rule.tags startswith T and evt.type=open", 28, "no field evt.type here", "here you can ask for rule.name"),
        ("process=x and " + "image=y or " * 400 + "image=z", MAX_LENGTH + 1, "more than 4,000", "shorter"),
        ("! process=sh and web", 18, "'web' alone is no check", "a field stands first"),
        ("fd.name startswith", 9, "nothing stands after startswith", "words alone"),
        ("priority <= warning web", 21, "here 'and' or 'or' is missing", "join checks with and, or"),
        ("process=sh or user=x rule=y", 22, "here 'and' or 'or' is missing", "join checks with and, or"),
        ("priority<=9", 1, "'9' is no priority", "emergency, alert"),
        ("fd.name startwith /etc", 9, "'startwith' is no operator", "did you mean startswith?"),
        ("a process!= b", 3, "'process!=' has no value", 'process=""'),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_place(text: str, column: int, reason: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(text)
    assert caught.value.message.startswith(f"filter, column {column}: ")
    assert reason in caught.value.message
    assert hint in caught.value.hint


WORDS = st.text(st.sampled_from("aAbB ßẞéİı*?[]\"'%_\\=<>!-\n/.\x1b"), max_size=6)
VALUES = st.text(st.sampled_from("aAbBß*?[]'%_\\/."), max_size=4)
SUBJECTS = st.builds(
    Subject,
    rule=WORDS,
    priority=st.integers(0, 7),
    container_id=st.sampled_from(["", "ab" * 32, "0" * 64]),
    container=WORDS,
    image=WORDS,
    process=WORDS,
    cmdline=WORDS,
    parent=WORDS,
    target=WORDS,
    user=WORDS,
    tags=st.lists(VALUES, max_size=3),
    state=st.sampled_from(STATES),
)
TERMS = st.one_of(
    VALUES.map('"{}"'.format),
    VALUES.map('-"{}"'.format),
    st.tuples(
        st.sampled_from([*(key for key in KEYS if key != "state"), "proc.name", "rule.name", "container.id"]),
        st.sampled_from(["=", "!="]),
        VALUES,
    ).map('{0[0]}{0[1]}"{0[2]}"'.format),
    st.tuples(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.sampled_from(["error", "Info"])).map(
        "priority{0[0]}{0[1]}".format
    ),
    st.tuples(st.sampled_from(["=", "!="]), st.sampled_from(["NEW", "in*", "False Positive"])).map(
        'state{0[0]}"{0[1]}"'.format
    ),
)


@settings(max_examples=400)
@given(text=st.lists(TERMS, max_size=3).map(" ".join), subject=SUBJECTS)
@example(text="container=0*", subject=WEB)
def test_sql_and_memory_agree(text: str, subject: Subject) -> None:
    assert parse_filter(text).matches(subject) == in_sql(text, subject)


LITERALS = VALUES.map(lambda text: '"' + text.replace("\\", "").replace('"', "") + '"')
LIMITED = {"rule.priority", "priority", "alert.state", "state"}
CHECKS = st.one_of(
    st.tuples(st.sampled_from(["state", "alert.state"]), st.sampled_from(["=", "!="]), st.sampled_from(STATES)).map(
        '{0[0]} {0[1]} "{0[2]}"'.format
    ),
    st.tuples(
        st.sampled_from([name for name in [*ALERTS.columns, *ALERTS.short] if name not in LIMITED]),
        st.sampled_from(["=", "!=", "contains", "icontains", "startswith", "endswith", "glob", "iglob"]),
        LITERALS,
    ).map(" ".join),
    st.tuples(
        st.sampled_from(["proc.name", "container.name", "rule.tags", "fd.name"]),
        st.sampled_from(["in", "intersects", "pmatch"]),
        st.lists(LITERALS, min_size=1, max_size=3).map(lambda items: f"({', '.join(items)})"),
    ).map(" ".join),
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), st.sampled_from(["error", "Info", "3"])).map(
        "priority {0[0]} {0[1]}".format
    ),
    st.sampled_from(["fd.name exists", "tag exists", "container.name exists"]),
)
CONDITIONS = st.recursive(
    CHECKS,
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.lists(inner, min_size=2, max_size=3).map(" and ".join).map("({})".format),
        st.lists(inner, min_size=2, max_size=3).map(" or ".join).map("({})".format),
    ),
    max_leaves=4,
)


@settings(max_examples=400)
@given(text=CONDITIONS, subject=SUBJECTS, inversion=st.sampled_from(["", "! "]))
def test_a_condition_means_the_same_in_sql_and_in_memory(text: str, subject: Subject, inversion: str) -> None:
    text = f"{inversion}{text} and not rule.name = none"
    assert is_condition(text)
    assert parse_filter(text).matches(subject) == in_sql(text, subject)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_filter_or_a_usage_error(text: str) -> None:
    try:
        wanted = parse_filter(text)
    except UsageError as error:
        assert error.message.startswith("filter, column ")
        assert error.hint
    else:
        assert wanted.matches(WEB) == in_sql(text, WEB)


def in_sql(text: str, subject: Subject) -> bool:
    """Whether SQLite lets a row of these values pass."""
    wanted = parse_filter(text)
    row = {name: getattr(subject, name) for name in subject.__struct_fields__}
    row |= {"tags": json.dumps(subject.tags), "search": subject.search}
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.create_function("fold", 1, fold, deterministic=True)
        connection.create_function("fits", 3, fits, deterministic=True)
        connection.execute(f"CREATE TABLE stacks ({','.join(row)})")
        connection.execute(f"INSERT INTO stacks VALUES ({','.join('?' * len(row))})", tuple(row.values()))
        return bool(
            connection.execute(f"SELECT count(*) FROM stacks WHERE {wanted.sql}", wanted.parameters).fetchone()[0]
        )


@pytest.mark.parametrize("text", ["state=bogus", "shell state!=bogus", "alert.state in (new, bogus)", "! state=bogus"])
def test_a_state_that_there_is_not_is_refused_with_those_that_there_are(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_filter(text)
    assert "there is no state 'bogus'" in refused.value.message
    assert refused.value.hint == 'one of new, acknowledged, muted, "false positive", incident'


@pytest.mark.parametrize("text", ["state=inc*", 'state="false positive"', "state!=NEW", "alert.state startswith bog"])
def test_a_state_can_be_asked_for_by_a_part_of_it(text: str) -> None:
    assert parse_filter(text)


def test_a_name_with_a_dot_among_words_makes_no_condition_of_terms() -> None:
    assert parse_filter("process=cat registry.example shop").matches(WEB)


def test_a_known_field_before_a_misspelt_operator_is_no_word() -> None:
    with pytest.raises(UsageError, match="column 17: 'starts' is no operator") as refused:
        parse_filter("        fd.name starts /etc")
    assert refused.value.hint == "did you mean startswith?"
    assert parse_filter('"fd.name starts /etc"').matches(replace(WEB, cmdline="grep fd.name starts /etc"))
