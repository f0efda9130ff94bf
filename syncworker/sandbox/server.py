"""How does a sandbox run as a process? A real HTTP server on the loopback address that says when it is ready."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from syncworker.sandbox.answers import KnowsConnection
from syncworker.sandbox.app import create_app
from syncworker.sandbox.dialects import DIALECTS
from syncworker.sandbox.house import House, open_house
from syncworker.sandbox.setup import ShopSetup

HOST = "127.0.0.1"
#: How long a stop waits for calls in progress.
_GRACE_S = 2
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    setups: Iterable[ShopSetup],
    *,
    port: int = 0,
    seed: int = 0,
    log_dir: Path | None = None,
    announce: Callable[[str], None] | None = None,
    until_stdin_closes: bool = False,
) -> int:
    """Serve these shops until SIGTERM or Ctrl-C; returns the exit code 0. Call it in the main thread.

    `announce` gets one line of JSON once the server answers: `{"base_url", "control_url", "pid", "shops": {name:
    {"base_url", "control_url", "token"}}}`; by default it is printed. Port 0 picks a free one. `OSError` if the
    port is taken, `ValueError` for setups that contradict each other. With `until_stdin_closes` it also stops
    when its standard input ends, so it never outlives the process that started it.
    """
    house = open_house(setups, seed=seed, log_dir=log_dir)
    listener = socket.create_server((HOST, port))
    # Or each answer on a kept connection waits 40 ms: asyncio sets this only where it knows the protocol.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bound: tuple[str, int] = listener.getsockname()
    card = json.dumps(_addresses(house, bound[1]))
    server = _Server(house, lambda: (announce or _print_line)(card))
    if until_stdin_closes:
        threading.Thread(target=server.stop_with_stdin, daemon=True).start()
    try:
        server.run(sockets=[listener])
    finally:
        listener.close()
        house.close()
    return 0


class _Server(uvicorn.Server):
    """Uvicorn that announces itself and ends quietly: calls that a fault keeps waiting are let go."""

    def __init__(self, house: House, ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            KnowsConnection(create_app(house)),
            http="h11",
            lifespan="off",
            log_level="error",
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        super().__init__(config)
        self._house = house
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, then say so."""
        await super().startup(sockets)
        _allow_many_waiting_calls()
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Stop on the first signal; a second one does not wait for anybody."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._house.stop_waiting()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own raises the signal again afterwards; here a signal is a normal end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop_with_stdin(self) -> None:
        """Wait for the end of standard input, then stop."""
        while os.read(0, 4096):  # not sys.stdin: its lock would be held when the interpreter ends
            pass
        self.should_exit = True
        self._house.stop_waiting()


def _allow_many_waiting_calls() -> None:
    """A call that a fault keeps waiting holds a thread: allow more of them than the server's default of 40."""
    from anyio.to_thread import current_default_thread_limiter

    current_default_thread_limiter().total_tokens = 200


def _addresses(house: House, port: int) -> dict[str, object]:
    base = f"http://{HOST}:{port}"
    shops = {
        name: {
            "base_url": f"{base}/{name}{DIALECTS[front.dialect].base_path}",
            "control_url": f"{base}/control/{name}",
            "token": front.token,
        }
        for name, front in house.shops.items()
    }
    return {"base_url": base, "control_url": f"{base}/control", "pid": os.getpid(), "shops": shops}


def _print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def openapi_document(setups: Sequence[ShopSetup]) -> str:
    """The contract as OpenAPI JSON, the text of docs/marketplace-openapi.json; the shops do not show in it."""
    app = create_app(open_house(setups))
    return json.dumps(app.openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
