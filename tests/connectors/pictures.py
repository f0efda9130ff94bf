"""A place on a real socket where pictures lie."""

from __future__ import annotations

import socket

from tests.connector.rude_server import RudeServer

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8


def _served(connection: socket.socket, request: bytes) -> None:
    path = request.split(b" ")[1].decode()
    if path.endswith(".jpg"):
        status, kind, body = "200 OK", "image/jpeg", JPEG
    elif path.endswith(".html"):
        status, kind, body = "200 OK", "text/html", b"<html>"
    else:
        status, kind, body = "404 Not Found", "text/plain", b""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    connection.sendall(head.encode() + body)


def gallery() -> RudeServer:
    """Serves a picture at every address that ends in .jpg, a page at .html, and nothing anywhere else."""
    return RudeServer(_served)
