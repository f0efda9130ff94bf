"""How does an answer look on the wire, whole or spoiled? Responses for each outcome and fault; it decides nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus

from fastapi import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from syncworker.sandbox.faults import FiredFault, RetryAfter
from syncworker.sandbox.refusal import RefusedError

_ABORT = "syncworker.sandbox.abort"
_HTML = "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
#: What `missing_field` and `nan` spoil when the order names no field: the first of these that occurs.
_REQUIRED = ("order_id", "pool_id", "listing_id", "name")
_NUMBERS = ("quantity", "floor")


class KnowsConnection:
    """Wraps the application so that a response can cut the client's connection (uvicorn's HTTP/1.1 transport)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope[_ABORT] = transport.abort
        await self._app(scope, receive, send)


class CutAnswer(Response):
    """Sends the first half of a body and cuts the connection; without a body not even a status line is sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.body:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            half = bytes(self.body[: len(self.body) // 2])
            await send({"type": "http.response.body", "body": half, "more_body": True})
        abort: Callable[[], None] | None = scope.get(_ABORT)
        if abort is None:
            raise ConnectionResetError("this server cannot cut connections")
        abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def json_answer(
    body: object, at: datetime, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer with the shop's clock in its Date header."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=True)
    return text_answer(text, at, status=status, headers=headers)


def text_answer(
    text: str,
    at: datetime,
    *,
    status: int = 200,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer of any text with the shop's clock in its Date header."""
    dated = {"Date": http_date(at), **(headers or {})}
    return Response(text, status_code=status, media_type=media_type, headers=dated)


def refusal(error: RefusedError, at: datetime) -> Response:
    """The answer to a request that was refused as a whole."""
    extra = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None
    return json_answer(error.body(), at, status=error.status, headers=extra)


def too_many_calls(wait_s: float, how: RetryAfter, at: datetime) -> Response:
    """429; `how` tells in which form, if any, the wait is said. Seconds are rounded up."""
    whole = max(int(-(-wait_s // 1)), 1)
    said = {"none": None, "seconds": str(whole), "date": http_date(at + timedelta(seconds=whole))}[how]
    body = {"code": "rate_limited", "message": "too many calls; come back later"}
    return json_answer(body, at, status=429, headers={"Retry-After": said} if said else None)


def broken_server(status: int, at: datetime) -> Response:
    """A 5xx: 502 as a gateway's HTML page, others as JSON."""
    title = f"{status} {HTTPStatus(status).phrase}"
    if status == HTTPStatus.BAD_GATEWAY:
        return text_answer(_HTML.format(title=title), at, status=status, media_type="text/html")
    return json_answer({"code": "server_error", "message": title}, at, status=status)


def spoiled(body: object, fault: FiredFault, at: datetime, status: int) -> Response:
    """An answer whose text a fault spoils: HTML, half a JSON document, NaN, or a field that is gone."""
    if fault.kind == "html_ok":
        return text_answer(_HTML.format(title="Please log in"), at, media_type="text/html")
    if fault.kind == "truncated_json":
        text = json.dumps(body, ensure_ascii=False)
        return text_answer(text[: len(text) // 2], at, status=status)
    copy: object = json.loads(json.dumps(body))
    if fault.kind == "nan":
        _spoil(copy, (fault.spec.field,) if fault.spec.field else _NUMBERS, _to_nan)
    else:
        _spoil(copy, (fault.spec.field,) if fault.spec.field else _REQUIRED, _remove)
    return json_answer(copy, at, status=status)


def cut(answer: Response | None = None) -> CutAnswer:
    """Half of this answer and then nothing; without one, nothing at all."""
    if answer is None:
        return CutAnswer(b"")
    half = CutAnswer(answer.body, status_code=answer.status_code, media_type=answer.media_type)
    half.raw_headers = answer.raw_headers
    return half


def http_date(at: datetime) -> str:
    """A moment as HTTP writes it, in whole seconds."""
    return format_datetime(at, usegmt=True)


def _spoil(node: object, names: tuple[str, ...], deed: Callable[[dict[str, object], str], None]) -> bool:
    """Do the deed at the first of these fields, depth first; False if none occurs."""
    if isinstance(node, list):
        return any(_spoil(item, names, deed) for item in node)
    if not isinstance(node, dict):
        return False
    for name in names:
        if name in node:
            deed(node, name)
            return True
    return any(_spoil(item, names, deed) for item in node.values())


def _remove(node: dict[str, object], name: str) -> None:
    with suppress(KeyError):
        del node[name]


def _to_nan(node: dict[str, object], name: str) -> None:
    node[name] = float("nan")
