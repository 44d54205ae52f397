"""A program that does nothing on the raw tracepoint of all system calls: what no tracer of this kind can go below."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from probes.kernel.bpf_call import attach, load_program
from probes.kernel.bpf_trial import RETURN_0


@contextlib.contextmanager
def empty_tracepoint(name: str = "sys_exit") -> Iterator[None]:
    """Attach a program that returns at once to a raw tracepoint. Raises OSError with the kernel's reason."""
    with contextlib.ExitStack() as stack:
        program = load_program(RETURN_0, "empty")
        stack.callback(os.close, program)
        stack.callback(os.close, attach(name, program))
        yield
