"""What a configuration says, typed; the names are those of the keys in ``falco.yaml``."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from engine.alerts import Priority
from engine.config.remapping import Remapped
from engine.lang.template import SUGGESTED
from engine.rules.extras import Extra
from engine.rules.selection import Selection
from engine.sinks.form import Form


class AppendOutput(msgspec.Struct, frozen=True):
    """One entry of ``append_output``: what the rules that match get in addition. "" and () match everything."""

    source: str = ""
    rule: str = ""
    tags: tuple[str, ...] = ()
    """All of them must be the rule's."""
    extra_output: str = ""
    extra_fields: tuple[tuple[str, str], ...] = ()
    """(name, format); a name without a format is a field, and keeps its type."""
    suggested_output: bool = True
    """Whether the container's fields are appended, as Falco's container plugin suggests."""

    @property
    def extras(self) -> list[Extra]:
        """The same as the loader of rules takes it."""
        match: dict[str, Any] = {"source": self.source, "rule": self.rule, "tags": frozenset(self.tags)}
        formats = {name: text for name, text in self.extra_fields if text}
        raw = tuple(name for name, text in self.extra_fields if not text)
        suggested = [Extra(text=SUGGESTED, **{**match, "source": "syscall"})] if self._suggests else []
        return [*suggested, Extra(text=self.extra_output, formats=formats, raw=raw, **match)]

    @property
    def _suggests(self) -> bool:
        return self.suggested_output and self.source in ("", "syscall")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """All that is said, with defaults for what is not. An output that is off is ""."""

    rules_files: tuple[str, ...] = ()
    """Files and folders in order; those that do not exist are passed over, as Falco does. Empty: the shipped rules."""
    rules: tuple[Selection, ...] = ()
    """Applied in order when all rules are loaded."""
    priority: Priority = Priority.DEBUG
    """Rules less severe are off."""
    rule_matching: Literal["first", "all"] = "all"
    append_output: tuple[AppendOutput, ...] = (AppendOutput(),)
    static_fields: tuple[tuple[str, str], ...] = ()
    """(key, value): alerts have them as ``static.KEY``."""
    json_output: bool | None = None
    """None: each output in its own way, text on the terminal and in the system log, JSON elsewhere."""
    json_include_output_property: bool = True
    json_include_message_property: bool = False
    json_include_tags_property: bool = True
    json_include_output_fields_property: bool = True
    time_format_iso_8601: bool = False
    buffered_outputs: bool = False
    """Accepted: lines are written for each batch of alerts, at once."""
    watch_config_files: bool = True
    """Whether rule files that change are loaded anew by themselves."""
    stdout_output: bool = True
    """Accepted: ``watch`` and ``replay`` print, nothing else does."""
    syslog_output: bool = False
    file_output: str = ""
    """A path."""
    http_output: str = ""
    """A URL."""
    keys: tuple[Remapped, ...] = ()
    """Keys of the screen that are others than ours."""

    @property
    def extras(self) -> list[Extra]:
        """``append_output`` and ``static_fields`` as the loader of rules takes them; nothing is appended twice."""
        found = [extra for entry in self.append_output for extra in entry.extras]
        if self.static_fields:
            found.append(Extra(static={f"static.{key}": value for key, value in self.static_fields}))
        return [extra for number, extra in enumerate(found) if extra not in found[:number]]

    @property
    def form(self) -> Form:
        """How alerts are printed."""
        return Form(
            json=self.json_output,
            output=self.json_include_output_property,
            message=self.json_include_message_property,
            tags=self.json_include_tags_property,
            output_fields=self.json_include_output_fields_property,
            iso_8601=self.time_format_iso_8601,
        )

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs that are on, as :func:`engine.sinks.make_sink` takes them."""
        named = (("file", self.file_output), ("http", self.http_output))
        switched = ("syslog",) if self.syslog_output else ()
        return (*(f"{name}={argument}" for name, argument in named if argument), *switched)
