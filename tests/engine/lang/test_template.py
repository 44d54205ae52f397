"""Output templates."""

from __future__ import annotations

import pytest

from engine.lang.fields import resolve
from engine.lang.grammar import parse
from engine.lang.interpret import evaluate
from engine.lang.template import Template, TemplateError
from tests.helpers.rule_events import NOW, event, opened, shell_in, web


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("start%proc.nameand", "startcatand"),
        ("%fd.name[0]", "/etc/shadow[0]"),
        ("<%10proc.name>", "<cat       >"),
        ("<%2proc.name>", "<ca>"),
        ("%toupper(proc.name)!", "CAT!"),
        ("%proc.aname[1].", "bash."),
        ("%fd.ip|%proc.aname[9]", "<NA>|<NA>"),
        ("*%proc.name %proc.aname[9]*", "cat <NA>*"),
        ("**", "*"),
        ("%proc.aname", "bash runc dockerd systemd"),
        ("%proc.name%proc.pname", "catbash"),
        ("%toupper(proc.name)[x]", "CAT[x]"),
        ("%tolower(proc.name)[", "cat["),
        ("%toupper(basename(fd.name))/%len(proc.name)", "SHADOW/3"),
        ("%proc.env[HOME]|%evt.arg[0]|%evt.arg.name", "<NA>|<f>/etc/shadow|/etc/shadow"),
        ("%3proc.aname[1]|%6proc.aname[9]|", "bas|<NA>  |"),
        ("tab\t\n\x1b%proc.name", "tab\t\n\x1bcat"),
        ("%proc.is_exe_upper_layer %evt.rawres", "false 3"),
        ('%join("-", (proc.name, fd.name))', "cat-/etc/shadow"),
    ],
)
def test_rendering(template: str, text: str) -> None:
    parsed, judged = Template(template), opened("/etc/shadow", by=shell_in(web()))
    assert parsed.render(judged) == text
    assert parsed.told(judged) == (text, parsed.fields(judged)), "both in one pass"


def test_times_read_as_times_and_are_numbers_in_the_fields() -> None:
    template = Template("%evt.time.iso8601")
    judged = event("execve")
    assert template.render(judged) == "2023-11-14T22:13:20.000000000+0000"
    assert template.fields(judged) == {"evt.time.iso8601": NOW}


def test_times_are_text_to_conditions_and_nanoseconds_in_the_fields() -> None:
    condition = parse(r'evt.time.iso8601 startswith 20 and evt.time glob "??:??:??.?????????"')
    assert evaluate(condition, event("execve"), resolve)
    assert Template("%evt.time.s").fields(event("execve")) == {"evt.time.s": NOW}


def test_a_transformed_field_is_listed_plain() -> None:
    assert Template("%toupper(proc.name)").fields(event("execve")) == {"proc.name": "cat"}


@pytest.mark.parametrize(
    ("template", "message", "index"),
    [
        ("a %", "invalid formatting syntax: formatting cannot end with a %", 2),
        ("100%% sure", "unknown field '%' in output", 3),
        ("x %proc.nmae", "unknown field '%proc.nmae' in output", 2),
        ("%tolower(fd.num)", "can't add field transformer: type 'INT64' is not supported by 'tolower' transformer", 0),
        ("%container.mount.dest", "unknown field '%container.mount.dest' in output", 0),
    ],
)
def test_outputs_that_cannot_be_printed(template: str, message: str, index: int) -> None:
    with pytest.raises(TemplateError) as caught:
        Template(template)
    assert message in caught.value.message
    assert caught.value.index == index


def test_the_nearest_field_is_named() -> None:
    with pytest.raises(TemplateError) as caught:
        Template("%proc.nmae")
    assert caught.value.hint == "did you mean proc.name?"


@pytest.mark.parametrize("width", ["4097", "9" * 5000])
def test_widths_are_bounded(width: str) -> None:
    with pytest.raises(TemplateError, match="at most 4096 characters"):
        Template(f"%{width}proc.name")
