"""Falco's fields that this sensor cannot tell. A rule that needs one is reported when it is loaded, with the reason."""

from __future__ import annotations

from engine.lang.field import Field
from engine.lang.types import FieldType

T = FieldType
_NO_PAYLOAD = "the contents of reads and writes are not captured"
_NO_LATENCY = "only the end of a system call is captured"
_NO_THREADS = "threads are not followed one by one"
_NO_DESCRIPTORS = "the descriptors of a process are not followed, only that of the event"
_ALWAYS_SYSCALLS = "there are no plugins"


def _row(name: str, kind: FieldType, why: str, *, is_list: bool = False, argument: str = "") -> Field:
    return Field(name, kind, f"Not served: {why}", argument=argument, is_list=is_list, unserved=why)


FIELDS = (
    _row("evt.buffer", T.BYTEBUF, _NO_PAYLOAD),
    _row("evt.buflen", T.UINT64, _NO_PAYLOAD),
    _row("evt.buflen.in", T.UINT64, _NO_PAYLOAD),
    _row("evt.buflen.out", T.UINT64, _NO_PAYLOAD),
    _row("evt.latency", T.RELTIME, _NO_LATENCY),
    _row("evt.deltatime", T.RELTIME, _NO_LATENCY),
    _row("evt.info", T.CHARBUF, "use evt.args"),
    _row("evt.cpu", T.INT16, "the processor is not recorded"),
    _row("evt.is_io", T.BOOL, _NO_PAYLOAD),
    _row("evt.is_io_read", T.BOOL, _NO_PAYLOAD),
    _row("evt.is_io_write", T.BOOL, _NO_PAYLOAD),
    _row("evt.io_dir", T.CHARBUF, _NO_PAYLOAD),
    _row("evt.is_wait", T.BOOL, "waiting calls are not captured"),
    Field(
        "evt.around",
        T.UINT64,
        "Not served: there is no capture file",
        argument="TIME",
        no_right=True,
        unserved="there is no capture file",
    ),
    _row("evt.plugininfo", T.CHARBUF, _ALWAYS_SYSCALLS),
    _row("evt.pluginname", T.CHARBUF, _ALWAYS_SYSCALLS),
    _row("evt.asynctype", T.CHARBUF, _ALWAYS_SYSCALLS),
    _row("fd.types", T.CHARBUF, _NO_DESCRIPTORS, is_list=True),
    _row("fd.uid", T.CHARBUF, _NO_DESCRIPTORS),
    _row("fd.proto", T.PORT, "use fd.l4proto"),
    _row("fd.containername", T.CHARBUF, "use container.name and fd.name"),
    _row("proc.loginshellid", T.INT64, "login shells are not told apart"),
    _row("proc.nchilds", T.UINT64, _NO_THREADS),
    _row("proc.nthreads", T.UINT64, _NO_THREADS),
    _row("proc.stdin.name", T.CHARBUF, _NO_DESCRIPTORS),
    _row("proc.stdin.type", T.CHARBUF, _NO_DESCRIPTORS),
    _row("proc.stdout.name", T.CHARBUF, _NO_DESCRIPTORS),
    _row("proc.stdout.type", T.CHARBUF, _NO_DESCRIPTORS),
    _row("proc.stderr.name", T.CHARBUF, _NO_DESCRIPTORS),
    _row("proc.stderr.type", T.CHARBUF, _NO_DESCRIPTORS),
    _row("proc.aenv", T.CHARBUF, "the environment of ancestors is not kept", argument="N"),
    _row("proc.pid.ts", T.RELTIME, _NO_LATENCY),
    _row("proc.is_exe_writable", T.BOOL, "permissions of the program are not captured"),
    _row("thread.cpu", T.DOUBLE, _NO_THREADS),
    _row("thread.exectime", T.RELTIME, _NO_THREADS),
    _row("thread.vtid", T.INT64, _NO_THREADS),
    _row("user.homedir", T.CHARBUF, "only user and group names are read"),
    _row("user.shell", T.CHARBUF, "only user and group names are read"),
    _row("container.healthcheck", T.CHARBUF, "health checks are not followed"),
    _row("container.liveness_probe", T.CHARBUF, "health checks are not followed"),
    _row("container.readiness_probe", T.CHARBUF, "health checks are not followed"),
    _row("k8s.pod.label", T.CHARBUF, "there is no Kubernetes client", argument="NAME"),
    _row("k8s.pod.labels", T.CHARBUF, "there is no Kubernetes client"),
)
"""The rows, of several namespaces."""
