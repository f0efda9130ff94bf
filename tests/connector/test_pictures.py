"""Is a picture fetched as guardedly as anything else, and put into a form byte by byte?"""

from __future__ import annotations

import socket
from email.parser import BytesParser

import pytest

from syncworker.connector.pictures import Picture, PictureError, fetch_picture, picture_form
from tests.connector.rude_server import Manner, RudeServer

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4
PNG = b"\x89PNG\r\n\x1a\n" + b"rest"


def answering(body: bytes, media_type: str = "image/jpeg", status: str = "200 OK", more: str = "") -> Manner:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n{more}"
        "Connection: close\r\n\r\n"
    )

    def manner(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(head.encode() + body)

    return manner


def fetched(manner: Manner, *, max_bytes: int = 10_000) -> Picture:
    with RudeServer(manner) as server:
        return fetch_picture(server.url + "/1.jpg", max_bytes=max_bytes, allow_private_network=True)


@pytest.mark.parametrize(("body", "kind"), [(JPEG, "image/jpeg"), (PNG, "image/png")])
def test_a_picture_is_what_its_first_bytes_say(body: bytes, kind: str) -> None:
    picture = fetched(answering(body, kind))

    assert (picture.data, picture.media_type) == (body, kind)


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        (answering(JPEG, "text/html"), "is no JPEG or PNG"),
        (answering(PNG, "image/jpeg"), "is no JPEG or PNG"),
        (answering(b"<svg/>", "image/svg+xml"), "is no JPEG or PNG"),
        (answering(b"", "image/jpeg"), "is no JPEG or PNG"),
        (answering(JPEG, status="404 Not Found"), "answered 404"),
        (answering(b"", status="302 Found", more="Location: http://127.0.0.1:1/\r\n"), "answered 302"),
        (answering(JPEG + bytes(20_000)), "larger than 9 KiB"),
    ],
)
def test_what_is_no_picture_of_a_fitting_size_is_not_taken(manner: Manner, words: str) -> None:
    with pytest.raises(PictureError, match=words):
        fetched(manner)


def test_an_address_inside_is_not_fetched_unless_that_is_allowed() -> None:
    with RudeServer(answering(JPEG)) as server:
        with pytest.raises(PictureError, match="https://"):
            fetch_picture(server.url, max_bytes=10_000)
        with pytest.raises(PictureError, match="cannot be fetched"):
            fetch_picture(server.url.replace("http:", "https:"), max_bytes=10_000)

        assert server.requests == []


def test_an_error_does_not_quote_the_proof_in_an_address() -> None:
    with (
        RudeServer(answering(b"", status="403 Forbidden")) as server,
        pytest.raises(PictureError) as raised,
    ):
        fetch_picture(server.url + "/1.jpg?key=s3cret", max_bytes=10, allow_private_network=True)

    assert "s3cret" not in str(raised.value)


def test_a_form_holds_the_picture_whole_and_its_texts() -> None:
    body, media_type = picture_form(
        Picture(JPEG, "image/jpeg"), field="data", texts={"use_case": "MAIN_IMAGE"}
    )

    form = BytesParser().parsebytes(f"Content-Type: {media_type}\r\n\r\n".encode() + body)
    parts = {part.get_param("name", header="content-disposition"): part for part in form.walk()}
    assert parts["use_case"].get_payload() == "MAIN_IMAGE"
    assert parts["data"].get_payload(decode=True) == JPEG
    assert parts["data"].get_filename() == "picture.jpg"
