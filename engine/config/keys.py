"""The keys: one row for each that has an effect here, and the names of Falco's others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from engine.config import values
from engine.config.faults import PlacedError
from engine.config.remapping import remapped
from engine.config.tree import Mapping, Tree, is_null


@dataclass(frozen=True, slots=True)
class Key:
    """A key at the top of a configuration. What ``read`` gives is the field of its name in :class:`Config`."""

    name: str
    read: values.Read
    help: str
    below: tuple[str, ...] = ()
    """Of a section: the keys that have an effect."""
    ignored: tuple[str, ...] = ()
    """Of a section: Falco's keys that have none here."""


def _switch(tree: Tree) -> bool:
    """A section's ``enabled``."""
    enabled = values.entries(tree).get("enabled")
    return enabled is not None and not is_null(enabled) and values.boolean(enabled)


def _output(argument: str, tree: Tree) -> str:
    """An output section: its ``argument`` when it is enabled, else ""."""
    if not _switch(tree):
        return ""
    value = values.entries(tree).get(argument)
    if value is None or is_null(value) or not values.text(value):
        raise PlacedError(
            f"the output is enabled and has no {argument}", (value or tree).mark, f"add {argument}: to it"
        )
    return values.text(value)


_HTTP_IGNORED = (
    "user_agent",
    "insecure",
    "ca_cert",
    "ca_bundle",
    "ca_path",
    "mtls",
    "client_cert",
    "client_key",
    "echo",
    "compress_uploads",
    "keep_alive",
    "max_consecutive_timeouts",
)

KEYS = {
    key.name: key
    for key in (
        Key("rules_files", values.paths, "rule files and folders, in order; one that does not exist is passed over"),
        Key("rules", values.selections, "rules switched on or off after loading, by name with * or by tag, in order"),
        Key("priority", values.priority, "rules less severe than this are off"),
        Key("rule_matching", values.matching, "alert for the first rule that matches an event, or for all"),
        Key("append_output", values.append_outputs, "what is appended to the outputs of rules"),
        Key("static_fields", values.pairs, "fields that every alert has as static.NAME"),
        Key("json_output", values.boolean, "alerts as JSON, or as text"),
        Key("json_include_output_property", values.boolean, "whether the JSON has output"),
        Key("json_include_message_property", values.boolean, "whether the JSON has message, the output without prefix"),
        Key("json_include_tags_property", values.boolean, "whether the JSON has tags"),
        Key("json_include_output_fields_property", values.boolean, "whether the JSON has output_fields"),
        Key("time_format_iso_8601", values.boolean, "date and time in UTC before the message"),
        Key("buffered_outputs", values.boolean, "accepted: lines are written at once for each batch of alerts"),
        Key("watch_config_files", values.boolean, "whether rule files that change are loaded anew"),
        Key("stdout_output", _switch, "accepted: watch and replay print, nothing else does", ("enabled",)),
        Key("syslog_output", _switch, "the system log", ("enabled",)),
        Key("file_output", partial(_output, "filename"), "a file", ("enabled", "filename"), ("keep_alive",)),
        Key("http_output", partial(_output, "url"), "each alert as a POST", ("enabled", "url"), _HTTP_IGNORED),
        Key("keys", remapped, "keys of the screen, by the ids that `tiercel keys` lists"),
    )
}

INCLUDE = "config_files"
"""Other configuration files; read before all else."""

OF_FALCO = frozenset(
    (
        "base_syscalls",
        "buffer_format_base64",
        "capture",
        "container_engines",
        "engine",
        "falco_libs",
        "grpc",
        "grpc_output",
        "libs_logger",
        "load_plugins",
        "log_level",
        "log_stderr",
        "log_syslog",
        "metadata_download",
        "metrics",
        "modern_bpf",
        "output_timeout",
        "outputs",
        "outputs_queue",
        "plugins",
        "plugins_hostinfo",
        "program_output",
        "rules_file",
        "syscall_buf_size_preset",
        "syscall_drop_failed_exit",
        "syscall_event_drops",
        "syscall_event_timeouts",
        "webserver",
    )
)
"""Falco's keys that have no effect here."""


def sections(tree: Mapping) -> list[tuple[Key, Mapping]]:
    """The sections of a configuration, with their rows."""
    found = [(KEYS[name], below) for name, below in tree.entries.items() if name in KEYS]
    return [(key, below) for key, below in found if key.below and isinstance(below, Mapping)]
