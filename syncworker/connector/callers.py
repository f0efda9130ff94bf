"""Who calls us, and who comes back from a consent page? Proofs compared in constant time; nothing else is believed."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping

from syncworker.connector.abilities import ConsentRequest, WebhookRefusedError, WebhookRequest
from syncworker.connector.answers import read_json
from syncworker.connector.document import Document
from syncworker.errors import ChannelMisconfiguredError, MalformedAnswerError

_KIND_MAX = 100_000


def consent_code(
    request: ConsentRequest, answer: Mapping[str, str], *, channel: str, names: Collection[str] = ("code",)
) -> str:
    """The code that came back from ``channel``'s consent page for this very ``request``."""
    code = next((answer[name] for name in names if answer.get(name)), "")
    if not code:
        raise ChannelMisconfiguredError(
            f"{channel} sent no code: allow the app on its page, then give the whole address"
        )
    if answer.get("state", request.state) != request.state:
        raise ChannelMisconfiguredError("the code belongs to another attempt to connect: begin again")
    return code


def require_signature(request: WebhookRequest, header: str, expected: str) -> None:
    """Refuse a webhook whose ``header`` (lower case) is not ``expected``."""
    given = request.headers.get(header, "").strip()
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise WebhookRefusedError("the signature is not this app's")


def webhook_rings(body: bytes, *, kind: str, silent: Collection[int], shop_id: str | None) -> bool:
    """Whether orders of this shop may have changed, by the number in the field ``kind`` and the ``shop_id`` alone.

    Only kinds in ``silent`` are known to say nothing of orders; one that nobody has heard of rings: a pull does no harm.
    """
    try:
        event = Document(read_json(body))
        told = event.get("shop_id")
        if shop_id is not None and told is not None and told.shown() != shop_id:
            return False
        return event[kind].whole(most=_KIND_MAX) not in silent
    except MalformedAnswerError:
        return True
