"""What did a caller send? The body and its documents, read strictly, and numbers for names; it judges no shop."""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from syncworker.sandbox.refusal import RefusedError

_LAST_DIGITS = re.compile(r"\d+$")


async def _raw_body(request: Request) -> bytes:
    return await request.body()


#: The body as it was sent, for endpoints that keep their callers waiting in a thread of their own.
RawBody = Annotated[bytes, Depends(_raw_body)]


def basic_credentials(header: str | None) -> tuple[str, str] | None:
    """User and password of a Basic `Authorization` header; None for any other header."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


def same(given: str | None, secret: str) -> bool:
    """Whether a secret was given, compared in constant time."""
    return given is not None and secrets.compare_digest(given.encode(), secret.encode())


def document(raw: bytes) -> object:
    """The JSON document of a body; 400 `invalid_json`."""
    try:
        return json.loads(raw)
    except ValueError as error:
        raise RefusedError(400, "invalid_json", "the body is not JSON") from error


def table(value: object, what: str) -> dict[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise _wrong(what, "must be an object")
    return value


def rows(value: object, what: str) -> list[dict[str, object]]:
    """A list of JSON objects."""
    if not isinstance(value, list):
        raise _wrong(what, "must be a list")
    return [table(row, f"{what}[{index}]") for index, row in enumerate(value)]


def whole(value: object, what: str) -> int:
    """A whole number; a float, a string or a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(what, "must be a whole number")
    return value


def text(value: object, what: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise _wrong(what, "must be a text")
    return value


def between(given: str | None, what: str, *, default: int, least: int, most: int | None = None) -> int:
    """A whole number of the query, inside its bounds."""
    if given is None:
        return default
    number = int(given) if given.isascii() and given.isdecimal() else -1
    if number < least or (most is not None and number > most):
        raise _wrong(what, f"must be a number from {least} to {most if most is not None else 'any'}")
    return number


def moment(given: str, what: str) -> datetime:
    """An ISO 8601 moment, with or without a zone."""
    try:
        return datetime.fromisoformat(given)
    except ValueError as error:
        raise _wrong(what, "must be a date and time") from error


def serial(name: str) -> int:
    """The whole number a name of the model ends with (`toko-L7`: 7), for formats whose ids are numbers."""
    found = _LAST_DIGITS.search(name)
    return int(found.group()) if found else 0


def listed(values: Sequence[str]) -> list[str]:
    """Values of a parameter that may be repeated or hold several, separated by commas."""
    return [part for value in values for part in value.split(",") if part]


def _wrong(what: str, words: str) -> RefusedError:
    return RefusedError(422, "invalid_request", f"{what} {words}", field=what)
