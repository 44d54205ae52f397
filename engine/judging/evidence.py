"""What a rule saw when it fired: kept with the alert, so that it can be explained when the process is long gone.

Only the values of the fields in the rule's condition are kept: some hundred bytes, taken in a few microseconds. The
explanation is made of them when somebody asks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from engine.alerts import Alert
from engine.errors import TiercelError
from engine.explanation import Explanation
from engine.lang.facts import Readers, of_event, of_values, readers
from engine.rules.explain import explain
from engine.rules.ruleset import Rule
from engine.state.event import Event

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(dict[str, Any])


@lru_cache(maxsize=512)
def _readers(rule: Rule) -> Readers:
    return readers(rule.expanded)


def evidence_of(rule: Rule, event: Event) -> bytes:
    """What the rule sees in the event; empty where a value cannot be kept."""
    values = {name: read(event) for name, read in _readers(rule)}
    try:
        return _ENCODER.encode(values)
    except (UnicodeEncodeError, OverflowError):  # a lone surrogate from Docker, a number beyond 64 bits
        return b""


def forget_rules() -> None:
    """Let go of rules that are no longer in force."""
    _readers.cache_clear()


def explain_alert(rule: Rule, alert: Alert) -> Explanation:
    """Why the rule fired then. Raises TiercelError when nothing is known of it any more."""
    if not alert.evidence:
        raise TiercelError("what the rule saw then was not kept", hint="alerts of older versions have no evidence")
    explanation = explain(rule, of_values(_DECODER.decode(alert.evidence)))
    if explanation.holds is not True:
        explanation.notes.append("the rule was another one when it fired: this is how it judges now")
    return explanation


def explain_event(rule: Rule, event: Event) -> Explanation:
    """Why the rule fires on an event of late, or does not."""
    explanation = explain(rule, of_event(event))
    explanation.notes.append("the process and its ancestors are taken as they are known now")
    return explanation
