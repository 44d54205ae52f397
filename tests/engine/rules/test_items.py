"""Files and their items: what counts as one, which keys it has, and how their values are read."""

from __future__ import annotations

import pytest

from engine.alerts import Priority
from tests.helpers.rule_files import condition, errors, loaded, rule, rules, warnings


def code(*texts: str) -> str:
    """The code of the first error."""
    return errors(*texts)[0].split()[0]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n---\n", "- \n- ~\n- null\n", "[]\n"])
def test_nothing_is_no_error(text: str) -> None:
    assert errors(text) == []


def test_all_documents_of_a_file_are_read_in_order() -> None:
    text = rule("A") + "---\n" + rule("B") + "---\n# nothing\n---\n" + rule("A", "evt.type = close")
    assert [(name, str(each.expanded)) for name, each in rules(text).items()] == [
        ("A", "evt.type = close"),
        ("B", "evt.type = open"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- rule: [\n", "LOAD_ERR_YAML_PARSE"),
        ("a: 'b\n", "LOAD_ERR_YAML_PARSE"),
        ("word\n", "LOAD_ERR_YAML_VALIDATE"),
        ("rule: a\n", "LOAD_ERR_YAML_VALIDATE"),
        ("- word\n", "LOAD_ERR_YAML_VALIDATE"),
        ("- [a]\n", "LOAD_ERR_YAML_VALIDATE"),
    ],
)
def test_shapes_that_are_no_rule_file(text: str, expected: str) -> None:
    assert code(text) == expected


def test_the_first_known_key_in_falcos_order_decides_what_an_item_is() -> None:
    text = rule("R") + "  macro: m\n"
    assert rules(text) == {}
    assert sorted(warnings(text)) == ["LOAD_UNKNOWN_KEY"] * 4 + ["LOAD_UNUSED_MACRO"]
    assert sorted(warnings("- macro: m\n  list: l\n  items: []\n")) == ["LOAD_UNKNOWN_KEY", "LOAD_UNUSED_LIST"]


def test_an_item_of_no_kind_is_passed_over_with_a_warning() -> None:
    assert warnings("- note: hello\n  items: []\n" + rule("R")) == ["LOAD_UNKNOWN_ITEM"]


def test_each_unknown_key_is_one_warning() -> None:
    assert warnings(rule("R", odd="1", strange="[]")) == ["LOAD_UNKNOWN_KEY", "LOAD_UNKNOWN_KEY"]


def test_scalars_are_words_as_they_are_written() -> None:
    words = "[80, 0x50, 1.0, true, 2001-01-01, =, '=', null_, ~x]"
    text = f"- list: l\n  items: {words}\n" + rule("R", "evt.type = open and proc.name in (l)")
    compilation = loaded(text).compilation
    assert compilation is not None
    assert compilation.lists.expanded["l"] == ["80", "0x50", "1.0", "true", "2001-01-01", "=", "=", "null_", "~x"]


@pytest.mark.parametrize("nothing", ["null", "~", ""])
def test_nothing_is_no_item_of_a_list(nothing: str) -> None:
    assert code(f"- list: l\n  items:\n    - a\n    - {nothing}\n") == "LOAD_ERR_YAML_VALIDATE"


@pytest.mark.parametrize("word", ["y", "Y", "yes", "YES", "Yes", "true", "True", "TRUE", "on", "On", "'true'", '"ON"'])
def test_words_for_yes(word: str) -> None:
    assert rules(rule("R", enabled=word))["R"].enabled is True


@pytest.mark.parametrize("word", ["n", "N", "no", "No", "false", "FALSE", "off", "Off", "'no'"])
def test_words_for_no(word: str) -> None:
    assert rules(rule("R", enabled=word))["R"].enabled is False


@pytest.mark.parametrize("key", ["enabled", "append", "capture", "warn_evttypes", "skip__if__unknown__filter"])
@pytest.mark.parametrize("word", ["1", "0", "tRue", "maybe", "''", "[]", "~"])
def test_what_is_neither_yes_nor_no(key: str, word: str) -> None:
    assert code(rule("R", **{key: word})) == "LOAD_ERR_YAML_VALIDATE"


@pytest.mark.parametrize("word", ["soon", "1.5", "''", "[]"])
def test_the_duration_of_a_capture_is_a_whole_number(word: str) -> None:
    assert errors(rule("R", capture="true", capture_duration="500")) == []
    assert code(rule("R", capture_duration=word)) == "LOAD_ERR_YAML_VALIDATE"


def test_of_a_key_that_stands_twice_the_first_counts() -> None:
    assert condition(rule("R") + '  condition: "evt.type = close"\n') == "evt.type = open"


@pytest.mark.parametrize("key", ["condition", "desc", "output", "priority"])
@pytest.mark.parametrize("value", ["~", "", "''", "[a]", "{a: b}"])
def test_what_a_rule_needs_is_a_word_and_not_empty(key: str, value: str) -> None:
    text = rule("R").replace(f"  {key}: ", f"  {key}: {value} #")
    assert code(text) == "LOAD_ERR_YAML_VALIDATE"


@pytest.mark.parametrize("key", ["condition", "desc", "output", "priority"])
def test_what_a_rule_needs_must_be_there(key: str) -> None:
    lines = [line for line in rule("R").splitlines() if not line.startswith(f"  {key}:")]
    (error,) = errors("\n".join(lines))
    assert error == f"LOAD_ERR_YAML_VALIDATE 1:3 Item has no mapping for key '{key}'"


@pytest.mark.parametrize("item", ["- macro: m\n", "- list: l\n", "- macro:\n  condition: a\n", "- rule: ''\n"])
def test_items_without_what_they_need(item: str) -> None:
    assert code(item) == "LOAD_ERR_YAML_VALIDATE"


def test_folded_and_literal_text_is_read_and_newlines_are_blanks() -> None:
    text = """
    - rule: R
      desc: d
      condition: >
        evt.type = open
        and
        proc.name = a
      output: |
        two
        lines
      priority: INFO
    """
    assert condition(text) == "(evt.type = open and proc.name = a)"
    assert loaded(text).result()["R"].template.text.startswith("two\nlines")


def test_anchors_stand_for_what_they_name() -> None:
    text = "- list: a\n  items: &names [x, y]\n- list: b\n  items: *names\n"
    assert condition(text + rule("R", "evt.type = open and proc.name in (a, b)")).endswith("(x, y, x, y))")


def test_blanks_around_an_output_are_trimmed() -> None:
    assert rules(rule("R", output="'  said \t'"))["R"].template.text.partition(" container_id")[0] == "said"


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("EMERGENCY", Priority.EMERGENCY),
        ("alert", Priority.ALERT),
        ("Critical", Priority.CRITICAL),
        ("eRRor", Priority.ERROR),
        ("WARNING", Priority.WARNING),
        ("notice", Priority.NOTICE),
        ("informational", Priority.INFORMATIONAL),
        ("INFO", Priority.INFORMATIONAL),
        ("debug", Priority.DEBUG),
    ],
)
def test_priorities_in_any_case(word: str, priority: Priority) -> None:
    found = rules(rule("R", priority=word))["R"].priority
    assert found is priority
    assert found.label == priority.name.capitalize()


@pytest.mark.parametrize("word", ["warn", "err", "crit", "7", "fatal"])
def test_other_words_are_no_priority(word: str) -> None:
    assert errors(rule("R", priority=word)) == ["LOAD_ERR_YAML_VALIDATE 5:13 Invalid priority"]


def test_tags_are_a_sorted_set() -> None:
    assert rules(rule("R", tags="[b, a, b]"))["R"].tags == ("a", "b")
    assert code(rule("R", tags="a")) == "LOAD_ERR_YAML_VALIDATE"
    assert code(rule("R", tags="")) == "LOAD_ERR_YAML_VALIDATE"


def test_a_rule_of_an_unknown_source_is_dropped_with_a_warning() -> None:
    text = rule("R", "ka.verb = get", source="k8s_audit", exceptions="[{name: e, fields: ka.x, values: [a]}]")
    assert rules(text) == {}
    assert warnings(text) == ["LOAD_UNKNOWN_SOURCE"]


def test_the_source_of_a_rule_cannot_be_nothing_and_cannot_change() -> None:
    assert code(rule("R", source="")) == "LOAD_ERR_YAML_VALIDATE"
    for again in (rule("R", source="k8s_audit"), "- rule: R\n  condition: and a\n  source: x\n  append: true\n"):
        assert "re-defined with a different source" in errors(rule("R"), again)[0]
    assert errors(rule("R"), "- rule: R\n  condition: and user.uid = 0\n  source:\n  append: true\n") == []


def test_names_of_rules_hold_any_character() -> None:
    assert "a.*[b] (c) ü" in rules(rule("'a.*[b] (c) ü'"))


@pytest.mark.parametrize("name", ["a-b", "1a", "_a", "a.b", "a b"])
def test_a_macro_that_no_condition_can_name_is_warned_about(name: str) -> None:
    assert "LOAD_INVALID_MACRO_NAME" in warnings(f"- macro: {name}\n  condition: evt.type = open\n")


@pytest.mark.parametrize("name", ["'a b'", "'a,b'", "'a(b'", "'a=b'", "'a\"b'"])
def test_a_list_that_no_condition_can_name_is_warned_about(name: str) -> None:
    assert "LOAD_INVALID_LIST_NAME" in warnings(f"- list: {name}\n  items: []\n")


def test_lists_may_have_odd_names_and_no_items() -> None:
    text = "- list: a-b.c:d\n  items: []\n" + rule("R", "evt.type = open and proc.name in (a-b.c:d)")
    assert condition(text) == "(evt.type = open and proc.name in ())"
    assert warnings(text) == []


# ── again, switched, appended to ────────────────────────────────────────────────────────────────────────────────────


def test_the_same_name_again_replaces_the_whole_item_in_its_place() -> None:
    text = rule("A", tags="[x]") + rule("B") + rule("A", "evt.type = close")
    assert [(name, each.tags) for name, each in rules(text).items()] == [("A", ()), ("B", ())]


def test_an_item_with_enabled_alone_switches_a_rule() -> None:
    off = "- rule: R\n  enabled: false\n"
    assert rules(rule("R"), off)["R"].enabled is False
    assert rules(rule("R", enabled="false"), off.replace("false", "true"))["R"].enabled is True
    assert warnings(rule("R"), off) == ["LOAD_DEPRECATED_ITEM"]
    assert code(off) == "LOAD_ERR_VALIDATE"
    assert "no mapping for key 'enabled'" in errors(rule("R"), "- rule: R\n  tags: [a]\n")[0]


def test_append_joins_text_without_parentheses() -> None:
    more = "- rule: R\n  condition: or proc.name = b\n  append: true\n"
    assert condition(rule("R", "evt.type=open and proc.name=a"), more) == (
        "((evt.type = open and proc.name = a) or proc.name = b)"
    )
    macro = "- macro: m\n  condition: proc.name = a\n- macro: m\n  condition: or user.uid = 0\n  append: true\n"
    assert condition(macro + rule("R", "not m")) == "not (proc.name = a or user.uid = 0)"


def test_what_is_wrong_with_an_appended_part_is_shown_where_it_was_written() -> None:
    more = "- rule: R\n  condition: and fd.nam = a\n  append: true\n"
    (problem,) = [each for each in loaded(rule("R"), more).problems if each.is_error]
    assert (problem.file, problem.line, problem.column) == ("1.yaml", 2, 18)


def test_a_rule_can_be_appended_to_thousands_of_times() -> None:
    more = "- rule: R\n  condition: and user.uid != 1\n  append: true\n"
    assert condition(rule("R"), more * 3000).count("user.uid != 1") == 3000


def test_append_adds_items_to_a_list() -> None:
    text = "- list: l\n  items: [a]\n- list: l\n  items: [b]\n  append: true\n"
    assert condition(text + rule("R", "evt.type = open and proc.name in (l)")).endswith("in (a, b))")
    assert warnings(text + rule("R", "evt.type = open and proc.name in (l)")) == ["LOAD_DEPRECATED_ITEM"]


def test_append_takes_condition_and_exceptions_and_passes_over_the_rest() -> None:
    more = "- rule: R\n  condition: and user.uid = 0\n  output: other\n  tags: [x]\n  priority: DEBUG\n  append: true\n"
    found = rules(rule("R"), more)["R"]
    assert (found.priority, found.tags, found.template.text) == (Priority.NOTICE, (), "o")


def test_append_needs_something_to_append_and_to_append_to() -> None:
    assert "must have exceptions or condition" in errors(rule("R"), "- rule: R\n  output: x\n  append: true\n")[0]
    for item in (
        "- rule: X\n  condition: and a.b = 1\n",
        "- macro: X\n  condition: or a.b = 1\n",
        "- list: X\n  items: []\n",
    ):
        assert code(item + "  append: true\n") == "LOAD_ERR_VALIDATE"


def test_append_false_defines() -> None:
    text = rule("R") + "- list: l\n  items: [a]\n  append: false\n"
    assert warnings(text) == ["LOAD_UNUSED_LIST"]


# ── requirements ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", ["2", "57", "0.57.0", "0.63.0", "'0.10.9'"])
def test_engines_that_are_new_enough(version: str) -> None:
    assert errors(f"- required_engine_version: {version}\n" * 2) == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("64", "LOAD_ERR_VALIDATE"),
        ("0.64.0", "LOAD_ERR_VALIDATE"),
        ("1.0.0", "LOAD_ERR_VALIDATE"),
        ("0.57", "LOAD_ERR_YAML_VALIDATE"),
        ("new", "LOAD_ERR_YAML_VALIDATE"),
        ("-3", "LOAD_ERR_YAML_VALIDATE"),
        ("", "LOAD_ERR_YAML_VALIDATE"),
        ("[1]", "LOAD_ERR_YAML_VALIDATE"),
    ],
)
def test_engines_that_are_not(version: str, expected: str) -> None:
    assert code(f"- required_engine_version: {version}\n") == expected


def needs(*entries: str) -> str:
    return "- required_plugin_versions:\n" + "".join(f"  - {entry}\n" for entry in entries)


@pytest.mark.parametrize(
    "entry",
    [
        "{name: container, version: 0.4.0}",
        "{name: container, version: 0.7.0}",
        "{name: json, version: 0.1.0, alternatives: [{name: container, version: 0.2.0}]}",
    ],
)
def test_the_container_plugin_is_built_in(entry: str) -> None:
    assert errors(needs(entry)) == []


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{name: container, version: 0.8.0}", "'0.7.0' is not compatible with required plugin version '0.8.0'"),
        ("{name: container, version: 1.0.0}", "'0.7.0' is not compatible with required plugin version '1.0.0'"),
        ("{name: json, version: 0.1.0}", "must load one of: json (>= 0.1.0)"),
        ("{name: container, version: 0.4}", "Invalid required version '0.4' for plugin 'container'"),
        (
            "{name: container, version: 0.4.0, alternatives: [{name: container, version: 0.5.0}]}",
            "Defined multiple alternative version requirements for plugin 'container'",
        ),
        (
            "{name: json, version: 0.1.0, alternatives: [{name: container, version: 9.0.0}]}",
            "'0.7.0' is not compatible with required plugin version '9.0.0'",
        ),
    ],
)
def test_plugins_that_are_not_there(entry: str, message: str) -> None:
    (error,) = errors(needs(entry))
    assert error.startswith("LOAD_ERR_VALIDATE")
    assert message in error


def test_every_requirement_that_is_not_met_is_told() -> None:
    assert (
        len(errors(needs("{name: a, version: 1.0.0}", "{name: b, version: 1.0.0}"), needs("{name: c, version: 1.0.0}")))
        == 3
    )


@pytest.mark.parametrize("entry", ["name", "[a]", "{version: 0.1.0}", "{name: a, version: 1.0.0, alternatives: [b]}"])
def test_requirements_of_another_shape(entry: str) -> None:
    assert code(needs(entry)) == "LOAD_ERR_YAML_VALIDATE"
