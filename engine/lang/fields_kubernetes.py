"""``k8s.*``: the pod of a container, from the labels that Kubernetes gives it. Missing for other containers."""

from __future__ import annotations

from engine.lang.field import Field
from engine.lang.fields_container import label
from engine.lang.types import FieldType

T = FieldType

FIELDS = (
    Field("k8s.pod.name", T.CHARBUF, "Name of the pod", "k8s.pod.name = web-0", label("io.kubernetes.pod.name")),
    Field(
        "k8s.ns.name",
        T.CHARBUF,
        "Namespace of the pod",
        "k8s.ns.name = kube-system",
        label("io.kubernetes.pod.namespace"),
    ),
    Field("k8s.pod.uid", T.CHARBUF, "Uid of the pod", "k8s.pod.uid exists", label("io.kubernetes.pod.uid")),
    Field(
        "k8s.pod.id",
        T.CHARBUF,
        "Uid of the pod; the older name of k8s.pod.uid",
        "k8s.pod.id exists",
        label("io.kubernetes.pod.uid"),
    ),
    Field(
        "k8s.pod.full_sandbox_id",
        T.CHARBUF,
        "Id of the pod's sandbox container, 64 digits",
        "k8s.pod.full_sandbox_id exists",
        label("io.kubernetes.sandbox.id"),
    ),
    Field(
        "k8s.pod.sandbox_id",
        T.CHARBUF,
        "Id of the pod's sandbox container, 12 digits",
        "k8s.pod.sandbox_id exists",
        label("io.kubernetes.sandbox.id", length=12),
    ),
)
"""The rows of this namespace."""
