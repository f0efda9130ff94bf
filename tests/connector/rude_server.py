"""A server on a real socket that answers as badly as a test wants, and remembers what reached it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

#: What is done with one request: the connection, and the request's bytes.
Manner = Callable[[socket.socket, bytes], None]


class RudeServer:
    """Serves each request of each connection in the given manner, one thread a connection."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        #: Every request that arrived, head and body.
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> RudeServer:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing alone does not wake a thread that waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _start(self, job: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=job, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while request := _read_request(connection):
                self.requests.append(request)
                self._manner(connection, request)
        self.closed += 1


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def head(*lines: str, status: str = "200 OK") -> bytes:
    """A status line and header lines, ended."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def polite(body: bytes = b"{}", *lines: str, status: str = "200 OK") -> Manner:
    """Answers properly."""

    def manner(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(head(f"Content-Length: {len(body)}", *lines, status=status) + body)

    return manner


def silent(connection: socket.socket, _request: bytes) -> None:
    """Takes the request and never answers; ends when the client hangs up."""
    connection.recv(1)


def dropping(connection: socket.socket, _request: bytes) -> None:
    """Takes the request and closes the connection without a word."""
    connection.close()


def cut_short(connection: socket.socket, _request: bytes) -> None:
    """Promises a hundred bytes, sends half a document, closes."""
    connection.sendall(head("Content-Length: 100") + b'{"items": [')
    connection.close()


def trickling(start: bytes) -> Manner:
    """Sends ``start``, then a byte every twentieth of a second for as long as anybody listens."""

    def manner(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(start)
        for _ in range(600):
            connection.sendall(b" ")
            time.sleep(0.05)

    return manner


def endless(start: bytes, block: bytes) -> Manner:
    """Sends ``start``, then ``block`` again and again."""

    def manner(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(block)

    return manner


def hanging_up(connection: socket.socket, request: bytes) -> None:
    """Answers properly and closes the connection without having said so."""
    polite()(connection, request)
    connection.close()


def in_turn(*manners: Manner) -> Manner:
    """Serves the first request in the first manner, the second in the second, and so on."""
    left = list(manners)

    def manner(connection: socket.socket, request: bytes) -> None:
        left.pop(0)(connection, request)

    return manner
