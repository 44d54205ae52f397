"""Falco's fields that this sensor cannot tell. A rule that needs one is reported when it is loaded, with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.lang.field import Field
from engine.lang.types import FieldType

T = FieldType


def _row(name: str, kind: FieldType, why: str, *, is_list: bool = False, argument: str = "") -> Field:
    return Field(name, kind, f"Not served: {why}", argument=argument, is_list=is_list, unserved=why)


def _rows(why: str, kind: FieldType, names: str) -> Iterable[Field]:
    return (_row(name, kind, why) for name in names.split())


_PAYLOAD = "reads and writes are not captured, only what goes through sockets by send and receive"
_LATENCY = "only the end of a system call is captured"
_HISTORY = "each event is judged for itself, not by those before it"
_PLUGINS = "there are no plugins"
_THREADS = "threads are not followed one by one"
_DESCRIPTORS = "the descriptors of a process are not followed, only that of the event"
_FIGURES = "the resources of a process are not measured"
_NAMES_ONLY = "only user and group names are read"
_KUBERNETES = "there is no Kubernetes client, only the labels of containers"
_PROBES = "Kubernetes' probes are not told apart"

FIELDS = (
    *_rows(
        _PAYLOAD,
        T.UINT64,
        "evt.buflen evt.buflen.in evt.buflen.out evt.buflen.file evt.buflen.file.in evt.buflen.file.out evt.buflen.net"
        " evt.buflen.net.in evt.buflen.net.out",
    ),
    *_rows(_PAYLOAD, T.BOOL, "evt.is_io evt.is_io_read evt.is_io_write evt.is_syslog"),
    *_rows(_PAYLOAD, T.CHARBUF, "evt.io_dir syslog.facility.str syslog.severity.str syslog.message"),
    *_rows(_PAYLOAD, T.UINT32, "syslog.facility syslog.severity"),
    *_rows(_LATENCY, T.RELTIME, "evt.latency evt.latency.s evt.latency.ns evt.wait_latency"),
    _row("evt.latency.quantized", T.UINT64, _LATENCY),
    _row("evt.latency.human", T.CHARBUF, _LATENCY),
    *_rows(_HISTORY, T.RELTIME, "evt.deltatime evt.deltatime.s evt.deltatime.ns"),
    *_rows(_HISTORY, T.RELTIME, "evt.reltime evt.reltime.s evt.reltime.ns"),
    _row("evt.outputtime", T.CHARBUF, "use evt.time"),
    _row("util.cnt", T.UINT64, "it counts how often it is asked for"),
    *_rows(
        _PLUGINS,
        T.CHARBUF,
        "evt.infra.docker.name evt.infra.docker.container.id evt.infra.docker.container.name"
        " evt.infra.docker.container.image",
    ),
    _row("evt.cpu", T.INT16, "the processor is not recorded"),
    _row("evt.is_wait", T.BOOL, "waiting calls are not captured"),
    *_rows(_FIGURES, T.UINT32, "evt.count.error.memory evt.count.procinfo evt.count.threadinfo"),
    Field(
        "evt.around",
        T.UINT64,
        "Not served: there is no capture file",
        argument="TIME",
        no_right=True,
        unserved="there is no capture file",
    ),
    *_rows(_PLUGINS, T.CHARBUF, "evt.plugininfo evt.pluginname evt.asynctype"),
    replace(_row("fd.types", T.CHARBUF, _DESCRIPTORS, is_list=True, argument="NUMBERS"), no_right=True),
    *_rows(
        _DESCRIPTORS,
        T.CHARBUF,
        "proc.stdin.name proc.stdin.type proc.stdout.name proc.stdout.type proc.stderr.name proc.stderr.type",
    ),
    *_rows(_DESCRIPTORS, T.UINT64, "proc.fdopencount"),
    *_rows(_DESCRIPTORS, T.CHARBUF, "fdlist.nums fdlist.names fdlist.cips fdlist.sips fdlist.cports fdlist.sports"),
    _row("proc.fdlimit", T.INT64, _FIGURES),
    *_rows(_FIGURES, T.DOUBLE, "proc.fdusage thread.cpu thread.cpu.user thread.cpu.system"),
    *_rows(_FIGURES, T.UINT64, "proc.vmsize proc.vmrss proc.vmswap thread.pfmajor thread.pfminor"),
    *_rows(_FIGURES, T.UINT64, "thread.vmsize thread.vmrss thread.vmsize.b thread.vmrss.b"),
    *_rows(_FIGURES, T.RELTIME, "thread.exectime thread.totexectime"),
    *_rows(_THREADS, T.UINT64, "proc.nchilds proc.nthreads"),
    _row("thread.vtid", T.INT64, _THREADS),
    _row("thread.cgroups", T.CHARBUF, "of its cgroups, only the container is kept"),
    _row("thread.cgroup", T.CHARBUF, "of its cgroups, only the container is kept", argument="NAME"),
    Field(
        "proc.aenv",
        T.CHARBUF,
        "Not served: the environment of ancestors is not kept",
        argument="N",
        no_right=True,
        no_transformer=True,
        unserved="the environment of ancestors is not kept",
    ),
    _row("proc.is_exe_writable", T.BOOL, "permissions of the program are not captured"),
    *_rows(
        _PROBES,
        T.BOOL,
        "proc.is_container_healthcheck proc.is_container_liveness_probe proc.is_container_readiness_probe",
    ),
    *_rows(_NAMES_ONLY, T.CHARBUF, "user.homedir user.shell"),
    *_rows(_PROBES, T.CHARBUF, "container.liveness_probe container.readiness_probe"),
    _row("container.cni.json", T.CHARBUF, _KUBERNETES),
    _row("k8s.pod.label", T.CHARBUF, _KUBERNETES, argument="NAME"),
    *_rows(_KUBERNETES, T.CHARBUF, "k8s.pod.labels k8s.pod.ip k8s.pod.cni.json"),
)
"""The rows, of several namespaces."""
