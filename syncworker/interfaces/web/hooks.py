"""What does a channel's call change? Nothing but the time of the next pull: what it says is verified, then forgotten.

There is no second way in for orders, so a forged, lost, late or doubled call can do no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from syncworker.connector.abilities import (
    AnswersHandshake,
    HearsWebhooks,
    WebhookRefusedError,
    WebhookRequest,
)
from syncworker.errors import SyncworkerError
from syncworker.ledger import jobs
from syncworker.ledger.jobs import JobKind
from syncworker.sync.context import Context, log

#: The largest body that is read.
BODY_MAX_BYTES = 1024 * 1024


def create_app(context: Context, *, public_url: str) -> FastAPI:
    """``POST /webhooks/{channel}``: 200 once the pull is rung for, 401 for a call that proves nothing.

    ``GET /webhooks/{channel}`` answers a channel that tries the address before it calls there.
    ``public_url`` is what stands before ``/webhooks/…`` in the address that channels were given; some sign it.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthy() -> Response:
        return Response("ok\n", media_type="text/plain")

    @app.get("/webhooks/{channel}")
    def handshake(channel: str, request: Request) -> Response:
        return _greet(context, channel, dict(request.query_params))

    @app.post("/webhooks/{channel}")
    async def webhook(channel: str, request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        call = WebhookRequest(
            url=f"{public_url.rstrip('/')}/webhooks/{channel}",
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            received_at=datetime.now(UTC),
        )
        return await run_in_threadpool(_answer, context, channel, call)

    return app


def _greet(context: Context, name: str, query: Mapping[str, str]) -> Response:
    try:
        channel = context.open_channel(name)
    except SyncworkerError:
        return Response(status_code=404)
    if not isinstance(channel, AnswersHandshake):
        return Response(status_code=404)
    try:
        words = channel.handshake(query)
    except WebhookRefusedError as error:
        log.warning("handshake_refused", channel=name, reason=str(error))
        return Response(status_code=403)
    except Exception as error:  # noqa: BLE001 - a stranger's code on a stranger's words
        log.warning("handshake_unreadable", channel=name, reason=type(error).__name__)
        return Response(status_code=400)
    # Plain text, and never guessed to be anything else: the words are the caller's own.
    return Response(words, media_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})


def _answer(context: Context, name: str, call: WebhookRequest) -> Response:
    try:
        channel = context.open_channel(name)
    except SyncworkerError:
        return Response(status_code=404)
    if not isinstance(channel, HearsWebhooks):
        return Response(status_code=404)
    try:
        rings = channel.hint(call)
    except WebhookRefusedError as error:
        log.warning("webhook_refused", channel=name, reason=str(error))
        return Response(status_code=401)
    except Exception as error:  # noqa: BLE001 - a stranger's code on a stranger's words; the poll finds everything anyway
        log.warning("webhook_unreadable", channel=name, reason=type(error).__name__)
        return Response(status_code=400)
    if rings:
        context.ledger.run(lambda tx: jobs.call_for(tx, [name], JobKind.PULL))
        context.hint(name, JobKind.PULL)
    return Response(status_code=200)


async def _body(request: Request) -> bytes | None:
    """The body; ``None`` if it is larger than a hint can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            return None
    return body
