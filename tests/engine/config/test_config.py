"""falco.yaml as it is, and tiercel.yaml in the same form: what is read, and what is refused with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alerts import Priority
from engine.config import AppendOutput, Config, ConfigError, Selection, parse, read
from engine.config.document import MAX_BYTES
from engine.config.faults import PlacedError
from engine.config.keys import INCLUDE, KEYS, OF_FALCO
from engine.config.layers import includes, merge, override
from engine.lang.template import SUGGESTED
from engine.rules.documents import MAX_DEPTH
from engine.rules.extras import Extra

AS_SHIPPED = b"""
config_files:
  - /etc/falco/config.d
watch_config_files: true
rules_files:
  - /etc/falco/falco_rules.yaml
  - /etc/falco/falco_rules.local.yaml
  - /etc/falco/rules.d
engine:
  kind: modern_ebpf
  modern_ebpf:
    cpus_for_each_buffer: 2
load_plugins: []
plugins:
  - name: container
    library_path: libcontainer.so
    init_config:
      engines:
        docker: {enabled: true, sockets: ['/var/run/docker.sock']}
time_format_iso_8601: false
priority: debug
json_output: false
json_include_output_property: true
json_include_message_property: false
json_include_output_fields_property: true
json_include_tags_property: true
buffer_format_base64: false
buffered_outputs: false
rule_matching: first
outputs_queue: {capacity: 0}
append_output:
  - suggested_output: true
stdout_output: {enabled: true}
syslog_output: {enabled: true}
file_output: {enabled: false, keep_alive: false, filename: ./events.txt}
http_output:
  enabled: false
  url: ""
  user_agent: falcosecurity/falco
program_output: {enabled: false, keep_alive: false, program: "jq '{text: .output}'"}
webserver: {enabled: true, threadiness: 0, listen_port: 8765}
log_stderr: true
log_level: info
syscall_event_drops: {threshold: .1, actions: [log, alert], rate: .03333, max_burst: 1}
metrics: {enabled: false, interval: 1h}
base_syscalls: {custom_set: [], repair: false}
"""


def config(text: str | bytes, **environ: str) -> Config:
    data = text.encode() if isinstance(text, str) else text
    return read(parse("tiercel.yaml", data, environ)).config


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config(text)
    return [str(fault) for fault in caught.value.faults]


def test_the_file_that_falco_ships_is_read_as_it_is() -> None:
    reading = read(parse("/etc/falco/falco.yaml", AS_SHIPPED), of_falco=["/etc/falco/falco.yaml"])
    assert reading.config == Config(
        rules_files=("/etc/falco/falco_rules.yaml", "/etc/falco/falco_rules.local.yaml", "/etc/falco/rules.d"),
        rule_matching="first",
        json_output=False,
        syslog_output=True,
        append_output=(AppendOutput(),),
    )
    assert {"engine", "plugins", "webserver", "file_output.keep_alive"} <= set(reading.not_honoured)
    assert not set(reading.not_honoured) & set(KEYS)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n", "priority:\n"])
def test_nothing_said_leaves_the_defaults(text: str) -> None:
    assert config(text) == Config()


def test_outputs_that_are_on() -> None:
    said = config(
        "syslog_output: {enabled: yes}\nfile_output: {enabled: true, filename: /a=b}\n"
        "http_output: {enabled: true, url: 'http://h:2801/'}"
    )
    assert said.outputs == ("file=/a=b", "http=http://h:2801/", "syslog")
    assert config("http_output: {enabled: false, url: x}").outputs == ()


def test_selections_keep_their_order() -> None:
    said = config("rules:\n- disable: {rule: '*'}\n- enable: {tag: network}\n- enable: {rule: Netcat *}\n")
    assert said.rules == (
        Selection(enable=False, rule="*"),
        Selection(enable=True, tag="network"),
        Selection(enable=True, rule="Netcat *"),
    )


def test_appended_outputs() -> None:
    said = config(
        "append_output:\n- match: {source: syscall, rule: A, tags: [x, y]}\n  extra_output: on %evt.cpu\n"
        "  extra_fields: [evt.hostname, {home: '${HOME}'}]\n  suggested_output: false\n- extra_output: more",
        HOME="/root",
    )
    first, second = said.append_output
    assert first == AppendOutput(
        "syscall", "A", ("x", "y"), "on %evt.cpu", (("evt.hostname", ""), ("home", "/root")), False
    )
    assert second.suggested_output
    (extra,) = first.extras
    assert extra == Extra(
        "on %evt.cpu", {"home": "/root"}, ("evt.hostname",), source="syscall", tags=frozenset("xy"), rule="A"
    )


def test_what_is_suggested_is_appended_once() -> None:
    said = config("append_output: [{extra_output: a}, {extra_output: b}]\nstatic_fields: {site: north}")
    texts = [extra.text for extra in said.extras]
    assert texts == [SUGGESTED, "a", "b", ""]
    assert said.extras[-1].static == {"static.site": "north"}
    assert config("append_output: []").extras == []


def test_variables_of_the_environment() -> None:
    said = config("static_fields: {a: '${A}', b: '$${A}', c: '${NONE}', d: 'x${A}y'}", A="1")
    assert said.static_fields == (("a", "1"), ("b", "${A}"), ("c", ""), ("d", "x1y"))


def test_relative_rule_files_begin_where_the_configuration_is() -> None:
    tree = parse("/etc/tiercel/tiercel.yaml", b"rules_files: [mine.yaml, /abs.yaml]")
    assert read(tree).config.rules_files == ("/etc/tiercel/mine.yaml", "/abs.yaml")


@pytest.mark.parametrize("word", ["Warning", "warning", "WARNING"])
def test_priorities_in_any_case(word: str) -> None:
    assert config(f"priority: {word}").priority is Priority.WARNING


@pytest.mark.parametrize(
    ("text", "place", "says", "hint"),
    [
        ("prioritty: info", "1:1", "unknown key 'prioritty'", "did you mean priority?"),
        ("a: 1\npriority: warn", "2:11", "'warn' is no priority", "did you mean warning?"),
        ("json_output: 1", "1:14", "'1' is neither true nor false", "write true or false"),
        ("rule_matching: any", "1:16", "'any'", "first or all"),
        ("append_output: [{extra_output: '%proc.nmae'}]", "1:32", "unknown field", "proc.name"),
        ("append_output: [{extra_fields: [proc.nmae]}]", "1:33", "unknown field", "proc.name"),
        ("append_output: [{extra_fields: [{a: '%'}]}]", "1:37", "cannot end with a %", ""),
        ("rules: [disable]", "1:9", "a mapping is needed", "enable, disable"),
        ("rules:\n- disabel: {rule: A}", "2:3", "unknown key 'disabel'", "did you mean disable?"),
        ("rules:\n- disable: {rule: A, tag: b}", "2:12", "exactly one key", "- disable: {rule: NAME}"),
        ("rules:\n- disable: {rule: ''}", "2:19", "an empty rule", ""),
        ("http_output: {enabled: true}", "1:14", "no url", "add url:"),
        ("http_output: {enabled: true, ulr: x, url: y}", "1:30", "unknown key 'ulr'", "did you mean url?"),
        ("json_output: {a: b}", "1:14", "a text is needed", ""),
        ("priority: [", "2:1", "did not find expected node content", "while parsing a flow node"),
        ("a: *b", "1:4", "found undefined alias", ""),
        ("rules: &a [*a]", "1:8", "an alias stands within its own anchor", "write the value out"),
        ("[a]", "1:1", "not a mapping", "key: value"),
        ("word", "1:1", "not a mapping", ""),
        ("? [a]\n: b", "1:3", "a key must be a word", ""),
        ("a: b\n---\nc: d", "3:1", "a second document begins", "take out the line"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_what_to_do(text: str, place: str, says: str, hint: str) -> None:
    found = next(fault for fault in faults(text) if fault.startswith(f"tiercel.yaml:{place}:"))
    assert says in found
    assert hint in found


def test_everything_that_is_wrong_is_named_at_once_in_the_order_of_the_file() -> None:
    found = faults("json_output: maybe\nnonsense: 1\npriority: high\n")
    assert [fault.split(":")[1] for fault in found] == ["1", "2", "3"]


def test_a_fault_shows_its_line_and_points_at_it() -> None:
    (found,) = faults("json_output:   perhaps")
    assert found.splitlines()[1:3] == ["  json_output:   perhaps", " " * 17 + "^"]


def test_of_a_key_that_stands_twice_the_first_counts() -> None:
    assert config("priority: error\npriority: debug").priority is Priority.ERROR


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a: b\nc: \xff", "tiercel.yaml:2:4: the byte 0xff is not UTF-8"),
        (b"#" * (MAX_BYTES + 1), "larger than 1 MiB"),
        (b"a: " + b"[" * 500_000, f"more than {MAX_DEPTH} collections stand within each other"),
        (b"- " * 400_000, f"more than {MAX_DEPTH} collections stand within each other"),
        (b"a: \x00", "tiercel.yaml:1:4: the character U+0000 cannot stand in YAML"),
        (b"a: &a [*a]", "tiercel.yaml:1:4: an alias stands within its own anchor"),
        (b"a: 1\n---\nb: 2\n", "tiercel.yaml:3:1: a second document begins"),
    ],
    ids=["not UTF-8", "large", "deep", "deep in blocks", "control character", "circle", "two documents"],
)
def test_an_alien_file_is_refused(data: bytes, says: str) -> None:
    (found,) = faults(data)
    assert says in found


def test_aliases_do_not_multiply() -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 40)]
    text = "\n".join(["a0: &a0 x", *levels])
    (found,) = faults(text)
    assert "with its aliases written out this has more than 16,777,216 characters" in found


KEYWORDS = st.sampled_from([*KEYS, INCLUDE, *sorted(OF_FALCO), "enabled", "url", "rule", "tag", "disable", "match"])
WORDS = st.sampled_from(
    ["true", "no", "first", "debug", "*", "x", "~", "${A}", "'", "&a ", "*a", "- ", ": ", "\n", "{", "]"]
)
ALMOST = st.lists(KEYWORDS | WORDS | st.sampled_from([": ", "\n", "\n- ", "\n  ", ", "]), max_size=40).map("".join)


@given(st.binary(max_size=200) | ALMOST.map(str.encode) | st.text(max_size=100).map(str.encode))
def test_whatever_the_file_holds_it_is_a_configuration_or_a_fault_with_a_place(data: bytes) -> None:
    try:
        tree = parse("any.yaml", data, {"A": "b"})
        includes(tree)
        assert isinstance(read(tree).config, Config)
    except ConfigError as error:
        assert error.faults
        assert all(fault.mark.file == "any.yaml" for fault in error.faults)
    except PlacedError as fault:
        assert fault.mark.line


@given(ALMOST | st.text(max_size=40))
def test_whatever_is_set_it_is_done_or_refused(assignment: str) -> None:
    tree = parse("any.yaml", b"rules: [{disable: {rule: a}}]\nhttp_output: {enabled: true, url: x}")
    try:
        read(override(tree, "-o", assignment))
    except (ConfigError, PlacedError) as error:
        assert str(error)


# ── layers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("strategy", "files", "priority"),
    [
        ("append", ("a", "b"), Priority.ERROR),
        ("override", ("b",), Priority.ERROR),
        ("add-only", ("a",), Priority.INFORMATIONAL),
    ],
)
def test_strategies_of_included_files(strategy: str, files: tuple[str, ...], priority: Priority) -> None:
    below = parse(
        "main", f"rules_files: [a]\npriority: info\nconfig_files: [{{path: x, strategy: {strategy}}}]".encode()
    )
    (include,) = includes(below)
    said = read(
        merge(below, parse("x", b"rules_files: [b]\npriority: error\njson_output: true"), include.strategy)
    ).config
    assert (said.rules_files, said.priority, said.json_output) == (files, priority, True)


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("json_output=true", Config(json_output=True)),
        ("http_output={enabled: true, url: u}", Config(http_output="u")),
        ("rules[].disable.rule=a b", Config(rules=(Selection(enable=False, rule="a b"),))),
        ("rules[0].enable.tag=t", Config(rules=(Selection(enable=True, tag="t"),))),
        ('append_output[]={"extra_output": "x"}', Config(append_output=(AppendOutput(extra_output="x"),))),
        ("static_fields.a=", Config()),
    ],
)
def test_single_keys_are_set(assignment: str, expected: Config) -> None:
    tree = parse("f", b"")
    if assignment.endswith("="):
        with pytest.raises(ConfigError, match="1 problem"):
            read(override(tree, "-o", assignment))
    else:
        assert read(override(tree, "-o", assignment)).config == expected


@pytest.mark.parametrize("assignment", ["json_output", "=x", "a..b=c", "rules[5]=x", "rules[x]=y", "[]=x", "a=["])
def test_an_assignment_that_is_none_is_refused(assignment: str) -> None:
    with pytest.raises(PlacedError):
        override(parse("f", b""), "-o", assignment)


def test_every_key_is_explained_and_has_its_place_in_the_configuration() -> None:
    assert set(KEYS) == set(Config.__struct_fields__)
    assert all(key.help for key in KEYS.values())
    assert not set(KEYS) & OF_FALCO
