"""``docker inspect`` as text: the same JSON, nothing in it that drives a terminal, and secrets not for everybody."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.inspection import CUT, HIDDEN, MOST_LINES, lines_of
from engine.protocol import Inspection
from engine.scrub import LIMIT, is_clean, scrub_struct
from tests.helpers.hostile_text import ODD

TEXTS = st.text() | st.sampled_from(ODD) | st.sampled_from(["\x1b]52;c;eA==\x07", "a\n[b]\x9b2J", "{}", "a\u2028b"])
ANSWERS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=5,
)
SHOP: dict[str, Any] = {
    "Id": "21be",
    "Config": {"Env": ["PATH=/bin", "KEY=a=s3cret", "EMPTY=", "BARE"], "Cmd": ["httpd", "-f"]},
    "HostConfig": {"Privileged": False},
}


@given(answer=ANSWERS)
def test_it_is_the_same_json_and_every_line_can_be_shown(answer: dict[str, Any]) -> None:
    lines = lines_of(answer, secrets=True)
    assert json.loads("\n".join(lines)) == json.loads(json.dumps([answer]))
    assert all(map(is_clean, lines))


@given(answer=ANSWERS, config=ANSWERS, env=st.none() | TEXTS | st.lists(TEXTS, max_size=3))
def test_without_secrets_only_the_values_of_the_environment_are_missing(
    answer: dict[str, Any], config: dict[str, Any], env: list[str] | str | None
) -> None:
    whole = {**answer, "Config": {**config, "Env": env}}
    (shown,) = json.loads("\n".join(lines_of(whole, secrets=False)))
    assert {**shown, "Config": {**shown["Config"], "Env": None}} == json.loads(
        json.dumps({**whole, "Config": {**whole["Config"], "Env": None}})
    )
    assert all(variable.endswith(f"={HIDDEN}") for variable in shown["Config"]["Env"] or ())


def test_names_of_variables_stay() -> None:
    (shown,) = json.loads("\n".join(lines_of(SHOP, secrets=False)))
    assert shown["Config"]["Env"] == [f"{name}={HIDDEN}" for name in ("PATH", "KEY", "EMPTY", "BARE")]
    assert SHOP["Config"]["Env"][1] == "KEY=a=s3cret", "what was given is left as it is"
    assert lines_of(SHOP, secrets=True)[:3] == ["[", "    {", '        "Id": "21be",']


def test_options_of_log_and_volume_drivers_are_secrets_too() -> None:
    options = {"type": "cifs", "o": "user=ann,password=s3cret"}
    volume = {"Type": "volume", "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": options}}}
    mounts = [volume, {"Type": "bind"}, {"VolumeOptions": None}, {"VolumeOptions": {"DriverConfig": {"Options": None}}}]
    log = {"Type": "splunk", "Config": {"splunk-token": "s3cret"}}
    answer = {"HostConfig": {"LogConfig": log, "Mounts": mounts}, "Args": ["-f"], "Mounts": [{"Source": "/srv"}]}
    text = "\n".join(lines_of(answer, secrets=False))
    assert "s3cret" in "".join(lines_of(answer, secrets=True))
    assert "s3cret" not in text
    (shown,) = json.loads(text)
    assert shown["HostConfig"]["LogConfig"] == {"Type": "splunk", "Config": {"splunk-token": HIDDEN}}
    told = {"Name": "local", "Options": {"type": HIDDEN, "o": HIDDEN}}
    first, *others = shown["HostConfig"]["Mounts"]
    assert first == {"Type": "volume", "VolumeOptions": {"DriverConfig": told}}
    assert others == mounts[1:]
    assert (shown["Args"], shown["Mounts"]) == (answer["Args"], answer["Mounts"])


@given(answer=ANSWERS, host=ANSWERS, log=ANSWERS | TEXTS | st.none())
def test_an_answer_of_any_form_is_told(answer: dict[str, Any], host: dict[str, Any], log: object) -> None:
    whole = {**answer, "HostConfig": {**host, "LogConfig": {"Config": log}, "Mounts": log}}
    assert json.loads("\n".join(lines_of(whole, secrets=False)))


def test_of_very_much_the_beginning_is_told() -> None:
    lines = lines_of({"Labels": {str(number): "" for number in range(MOST_LINES + 5)}}, secrets=True)
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "… (cut: 11 more lines)"


def test_a_line_that_is_cut_on_its_way_says_so() -> None:
    for label in ("a" * LIMIT, "\x1b" * LIMIT):
        lines = lines_of({"Name": "web", "Labels": {"long": label}}, secrets=True)
        assert scrub_struct(Inspection(lines=lines)).lines == lines, "nothing else is cut"
        assert [line[-len(CUT) :] == CUT for line in lines] == [False, False, False, False, True, False, False, False]
    (line,) = [line for line in lines_of({"Name": "a" * (LIMIT - 20)}, secrets=True) if "Name" in line]
    assert line.endswith('a"')
