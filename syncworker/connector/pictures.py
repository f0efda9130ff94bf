"""How does a picture get from its address to a channel that wants its bytes? Fetched guardedly, put into a form.

Never follows a redirect, fetches more than is allowed, believes a name or a header alone, or takes an account's proof along.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from syncworker.connector.failures import FAILURES
from syncworker.connector.http import Content
from syncworker.connector.transport import Flight, OversizedError, fly, open_session

#: The longest that one picture may take, its last byte included.
TOTAL_S = 20.0
#: How the bytes of each kind begin.
_BEGINNINGS: Mapping[str, bytes] = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
}


class PictureError(Exception):
    """A picture cannot be had; the text says why, for a person. Nothing was sent to the channel."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, whole."""

    data: bytes
    media_type: str

    @property
    def filename(self) -> str:
        """A name that says nothing but its kind."""
        return "picture." + {"image/jpeg": "jpg", "image/png": "png"}.get(self.media_type, "bin")


def fetch_picture(
    address: str,
    *,
    max_bytes: int,
    media_types: Collection[str] = ("image/jpeg", "image/png"),
    allow_private_network: bool = False,
) -> Picture:
    """The picture at ``address``, at most ``max_bytes`` long. Raises ``PictureError``.

    Addresses of private networks and of this machine are refused unless allowed, and only then may they be http.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and not (allow_private_network and parts.scheme == "http"):
        raise PictureError(f"{_shown(address)}: the address of a picture begins with https://")
    with open_session(allow_private_network=allow_private_network) as session:
        response, data = _fetched(session, address, max_bytes)
    if response.status_code != 200:
        raise PictureError(f"{_shown(address)}: answered {response.status_code}")
    told = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    found = next((kind for kind, start in _BEGINNINGS.items() if data.startswith(start)), None)
    if found is None or found not in media_types or told not in {found, ""}:
        wanted = " or ".join(kind.removeprefix("image/").upper() for kind in sorted(media_types))
        raise PictureError(f"{_shown(address)}: is no {wanted} but {told or 'of no told kind'}")
    return Picture(data, found)


def picture_form(picture: Picture, *, field: str, texts: Mapping[str, str] | None = None) -> Content:
    """A multipart form with the picture in ``field``, and texts beside it."""
    boundary = f"syncworker-{secrets.token_hex(16)}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in (texts or {}).items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{picture.filename}"\r\n'
        f"Content-Type: {picture.media_type}\r\n\r\n"
    )
    body = b"".join((*parts, head.encode(), picture.data, f"\r\n--{boundary}--\r\n".encode()))
    return Content(body, f"multipart/form-data; boundary={boundary}")


def _fetched(session: requests.Session, address: str, max_bytes: int) -> tuple[requests.Response, bytes]:
    try:
        request = session.prepare_request(requests.Request("GET", address, headers={"Accept": "image/*"}))
        return fly(session, request, Flight(total_s=TOTAL_S, window=None), max_bytes=max_bytes)
    except OversizedError:
        problem = f"is larger than {max_bytes // 1024} KiB"
    except (*FAILURES, ValueError) as error:
        problem = f"cannot be fetched ({type(error).__name__})"
    raise PictureError(f"{_shown(address)}: {problem}")


def _shown(address: str) -> str:
    """Without what stands behind a question mark, where some addresses carry a proof."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"[:200]
