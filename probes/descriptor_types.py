"""Types of descriptors that are in no directory, as Falco names them."""

from __future__ import annotations

PLACELESS = {
    "[eventfd]": "event",
    "[eventpoll]": "eventpoll",
    "[timerfd]": "timerfd",
    "[signalfd]": "signalfd",
    "[userfaultfd]": "userfaultfd",
    "[io_uring]": "io_uring",
    "[pidfd]": "pidfd",
    "inotify": "inotify",
    "bpf-map": "bpf",
    "bpf-prog": "bpf",
    "bpf_link": "bpf",
}
"""Names the kernel gives to files that are in no directory → Falco's type."""
