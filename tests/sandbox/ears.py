"""A seller's ear on a real socket: every call that a shop makes, as it came."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from syncworker.connector import WebhookRequest
from tests.waiting import await_condition


@dataclass
class Ear:
    """Where it listens, and what it heard."""

    url: str
    heard: list[WebhookRequest] = field(default_factory=list)

    def hears(self, count: int) -> list[WebhookRequest]:
        """So many calls in all, waited for."""
        await_condition(lambda: len(self.heard) >= count, 5, f"{count} calls")
        return list(self.heard)


@contextmanager
def listening() -> Iterator[Ear]:
    """An ear that answers 200 to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = WebhookRequest(url=f"{ear.url}", headers=headers, body=body, received_at=datetime.now(UTC))
            ear.heard.append(call)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ear = Ear(f"http://127.0.0.1:{server.server_address[1]}/webhooks/shop")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield ear
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
