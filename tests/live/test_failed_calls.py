"""Every system call of the table that fails is told, with its error: of 64 bits, and of 32 bits by the same program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from engine.events import KernelEvent
from probes.kernel.syscalls import DUPLICATES_BY_COMMAND, SOCKETCALL, SYSCALLS, Syscall, native_and_compat
from tests.helpers.kernel import Watched, watching
from tests.helpers.lab.images import compile_programs

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

NATIVE, COMPAT = native_and_compat()
NR_SOCKETCALL = 102


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("failing")
    compile_programs(folder)
    return str(folder / "failing")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[Watched]:
    async with watching() as watched:
        yield watched


def calls(table: str) -> list[Syscall]:
    """Those of a table that tell of every call."""
    return [call for call in SYSCALLS if call.table == table and call.name not in DUPLICATES_BY_COMMAND]


def number(call: Syscall) -> str:
    return f"{NR_SOCKETCALL}:{call.number}" if call.table == SOCKETCALL else str(call.number)


@pytest.mark.parametrize("table", [NATIVE, COMPAT, SOCKETCALL])
async def test_each_is_told_with_its_error(kernel: Watched, failing: str, table: str) -> None:
    rows = calls(table)
    way = "native" if table == NATIVE else "compat"
    # who leads a group already cannot begin a session: setsid has no arguments that could be wrong
    child = await asyncio.create_subprocess_exec(
        failing, way, *map(number, rows), stdout=asyncio.subprocess.PIPE, process_group=0
    )
    output, _ = await child.communicate()
    results = [int(line) for line in output.split()]
    await kernel.until(KernelEvent, type="procexit", pid=child.pid)
    told = [
        (e.type, e.res)
        for e in kernel.inputs
        if isinstance(e, KernelEvent) and e.pid == child.pid and e.res is not None and e.res < 0
    ]
    assert told == [(call.event, result) for call, result in zip(rows, results, strict=True)]
    assert max(results) < 0
    assert len(rows) > (10 if table == SOCKETCALL else 50)
