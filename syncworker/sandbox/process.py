"""How does one start a sandbox beside oneself, and be sure it is gone afterwards? A process of its own; no shop logic."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from syncworker.sandbox.remote import ShopControl
from syncworker.sandbox.setup import ShopSetup, builtin_shops, write_shops

_STOP_S = 5.0


class SandboxDiedError(Exception):
    """The sandbox process did not come up; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class ShopAddress:
    """Where one shop is reached: the seller's API with its token, and its control API."""

    name: str
    base_url: str
    token: str
    control: ShopControl


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox process. `log_dir` holds `NAME.jsonl` per shop if one was asked for."""

    pid: int
    base_url: str
    shops: Mapping[str, ShopAddress]
    log_dir: Path | None

    def logs(self) -> list[list[dict[str, object]]]:
        """All shops' logs so far, fetched from the process; for `judge`."""
        return [shop.control.log() for shop in self.shops.values()]


@contextmanager
def start_sandbox(
    shops: Sequence[ShopSetup] | None = None,
    *,
    seed: int = 0,
    port: int = 0,
    log_dir: Path | None = None,
    ready_timeout_s: float = 30.0,
) -> Iterator[Sandbox]:
    """Run these shops (by default the built-in three) in a process of their own until the block ends.

    It answers when the block begins. It is stopped by its own process handle, and ends by itself when this process
    dies. Ctrl-C in the terminal does not reach it: this process decides. `SandboxDiedError` if it does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
        shops_file = Path(folder) / "shops.json"
        write_shops(shops_file, builtin_shops() if shops is None else shops)
        command = [sys.executable, "-m", "syncworker.sandbox", "--shops", str(shops_file)]
        command += ["--port", str(port), "--seed", str(seed), "--until-stdin-closes"]
        if log_dir is not None:
            command += ["--log-dir", str(log_dir)]
        with (Path(folder) / "stderr").open("w+b") as complaints:
            process = _spawn(command, complaints)
            try:
                card = _first_line(process, ready_timeout_s, complaints)
                yield _sandbox(json.loads(card), log_dir)
            finally:
                _stop(process)


def _spawn(command: list[str], complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module, no shell
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        start_new_session=True,
    )


def _first_line(process: subprocess.Popen[bytes], timeout_s: float, complaints: IO[bytes]) -> str:
    """The line with the addresses, which comes when the server answers."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    stream = process.stdout
    if stream is None:
        raise SandboxDiedError("the sandbox has no standard output")
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    try:
        line = lines.get(timeout=timeout_s)
    except queue.Empty:
        line = b""
    if not line:
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip()[-2000:]
        raise SandboxDiedError(
            f"the sandbox did not come up within {timeout_s:g} s: {said or 'it said nothing'}"
        )
    return line.decode()


def _sandbox(card: Mapping[str, object], log_dir: Path | None) -> Sandbox:
    shops = card["shops"]
    if not isinstance(shops, dict):
        raise SandboxDiedError("the sandbox did not say where its shops are")
    addresses = {
        name: ShopAddress(name, at["base_url"], at["token"], ShopControl(at["control_url"]))
        for name, at in shops.items()
    }
    return Sandbox(int(str(card["pid"])), str(card["base_url"]), addresses, log_dir)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
