"""Pieces of syncworker as processes: started, killed, stopped by pid, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent.parent
STOP_S = 25.0


class Piece:
    """One running piece. Its log is in ``log``."""

    def __init__(self, kind: str, folder: Path, log: Path) -> None:
        self.kind, self.log = kind, log
        self._out: IO[bytes] = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.piece", kind, str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'connectors'}", "PYTHONUNBUFFERED": "1"},
            stdout=self._out,
            stderr=self._out,
            start_new_session=True,
        )

    @property
    def said(self) -> str:
        """All of its output and log so far."""
        return self.log.read_text()

    def is_ready(self) -> bool:
        """Whether it said so; an error with its log if it ended instead."""
        if self.process.poll() is not None:
            raise AssertionError(f"{self.kind} ended with {self.process.returncode}:\n{self.said}")
        return "ready\n" in self.said

    def signal(self, how: signal.Signals, *, timeout_s: float = STOP_S) -> int:
        """Signal it and wait for its end; its exit code."""
        self.process.send_signal(how)
        return self.ended(timeout_s=timeout_s)

    def ended(self, *, timeout_s: float = STOP_S) -> int:
        """Wait for its end; its exit code."""
        code = self.process.wait(timeout_s)
        self._out.close()
        return code

    def kill(self) -> None:
        """The hard end, and no trace of it afterwards. Harmless when it is over."""
        if self.process.poll() is None:
            self.process.kill()
        self.ended()


@contextmanager
def running(kind: str, folder: Path, log: Path) -> Iterator[Piece]:
    """A piece that is gone afterwards, whatever happened; nothing may have happened in it that nobody foresaw."""
    piece = Piece(kind, folder, log)
    try:
        yield piece
    finally:
        piece.kill()
    for surprise in ("job_failed", "tick_failed", "RuleBrokenError"):
        assert surprise not in piece.said, piece.said
