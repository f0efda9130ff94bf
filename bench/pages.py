"""Where do pages of orders come from? A stub in a process of its own that answers with pages made beforehand.

Both the engine and the bare loop fetch from it and read the same JSON; it serves loopback alone.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

#: Orders of a page, and lines of an order.
ORDERS, LINES = 100, 2


def bodies(skus: Sequence[str], pages: int, *, channel: str) -> list[bytes]:
    """So many pages of orders for random SKUs, as JSON."""
    pick = random.Random(channel)
    return [
        json.dumps(
            [
                {
                    "id": f"{channel}-{page}-{number}",
                    "placed_at": datetime.now(UTC).isoformat(),
                    "lines": [
                        {"id": str(line), "sku": sku, "units": 1}
                        for line, sku in enumerate(pick.sample(skus, LINES))
                    ],
                }
                for number in range(ORDERS)
            ]
        ).encode()
        for page in range(pages)
    ]


@contextmanager
def served(pages: Sequence[bytes]) -> Iterator[int]:
    """The port at which ``/N`` answers with page N."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(theirs, pages), daemon=True)
    process.start()
    try:
        yield int(ours.recv())
    finally:
        process.kill()
        process.join()


class Reader:
    """Fetches and reads pages over one connection that is kept alive."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port)

    def page(self, number: int) -> list[dict[str, Any]]:  # Any: JSON as the stub wrote it
        """Page ``number``, read."""
        self._http.request("GET", f"/{number}")
        read: list[dict[str, Any]] = json.loads(self._http.getresponse().read())
        return read


def _serve(pipe: Connection, pages: Sequence[bytes]) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # the name that http.server asks for
            body = pages[int(self.path[1:])]
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            self.wfile.write(head + body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pipe.send(server.server_address[1])
    server.serve_forever()
