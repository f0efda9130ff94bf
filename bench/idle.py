"""What does it cost when nothing happens? One process of `syncworker up` left alone, one tick, and a command that answers.

`up` runs on a fresh configuration, so no channel is asked; what three channels add is the tick, measured apart on a ledger
of three channels and 10,000 listings each. Run: `python bench/idle.py`.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

import sqlalchemy as sa  # noqa: E402

from bench import business  # noqa: E402
from bench.figures import Figure, show  # noqa: E402
from syncworker.connector.fake import FakeChannel  # noqa: E402
from syncworker.sync.context import Context  # noqa: E402
from syncworker.sync.tick import tick  # noqa: E402

COMMAND = [str(Path(sys.executable).with_name("syncworker"))]
START_S, WATCH_S = 12.0, 20.0
SKUS = [f"SKU-{number:05}" for number in range(10_000)]
TICKS = 20


def figures() -> list[Figure]:
    """What is measured, beside its bars."""
    share, memory = _up()
    help_s = median(_help() for _ in range(3))
    statements, tick_s = _tick()
    return [
        Figure(what="CPU of `up` when idle", value=share, of="% of a core", bar=2, at_most=True, goal=True,
               behind=f"over {WATCH_S:.0f} s, no channel configured but the counter"),
        Figure(what="memory of `up`", value=memory, of="MB resident", bar=200, at_most=True, goal=True,
               behind="worker, beat and ledger in one process"),
        Figure(what="`syncworker --help`", value=help_s, of="s of CPU", bar=0.3, at_most=True, goal=True,
               behind="median of 3"),
        Figure(what="statements of a tick", value=statements, of="for 3 channels", bar=3, at_most=True, goal=True,
               behind=f"the bar is one a channel; what a tick asks does not grow with channels; 10,000 listings each; {1000 * tick_s:.0f} ms"),
    ]  # fmt: skip


def _up() -> tuple[float, float]:
    """Percent of a core, and MB resident, of an embedded engine that has nothing to do."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SYNCWORKER_LANG": "en"}
        run = {"cwd": folder, "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*COMMAND, "init"], check=True, **run)  # type: ignore[call-overload]  # noqa: S603 - ours
        process = subprocess.Popen([*COMMAND, "up"], **run)  # type: ignore[call-overload]  # noqa: S603 - ours
        try:
            time.sleep(START_S)
            before = _cpu_s(process.pid)
            time.sleep(WATCH_S)
            share = 100 * (_cpu_s(process.pid) - before) / WATCH_S
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
            return share, memory / 1024
        finally:
            process.terminate()
            process.wait()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _help() -> float:
    """Seconds of CPU that a command takes which only explains itself."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _tick() -> tuple[float, float]:
    """Statements and seconds of one tick that finds nothing."""
    counted: list[int] = []
    with (
        business.database("sqlite") as url,
        business.stocked(url, SKUS, ["a", "b", "c"], business.FACTS, shown=10) as ledger,
    ):
        shop = FakeChannel(now=lambda: ledger_time)
        context = Context(ledger=ledger, open_channel=lambda _: shop)
        with ledger.snapshot() as tx:
            ledger_time = tx.now
        tick(context)
        sa.event.listen(ledger.engine, "before_cursor_execute", lambda *_: counted.append(1))
        times = []
        for _ in range(TICKS):
            began = time.perf_counter()
            tick(context)
            times.append(time.perf_counter() - began)
    return len(counted) / TICKS, median(times)


if __name__ == "__main__":
    sys.exit(show(figures()))
