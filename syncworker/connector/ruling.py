"""What does an answer mean that is no success? An error that says what its caller should do, in the channel's own words.

Never repeats an answer's body beyond its code and message, and never an unredacted word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import urlsplit

import requests

from syncworker.connector.answers import Json, Verdict, http_date, read_json, retry_after_s
from syncworker.errors import (
    ChannelError,
    ChannelMisconfiguredError,
    MalformedAnswerError,
    OutcomeUnknownError,
    RequestRefusedError,
    RetryLaterError,
)

#: The most of a channel's own words that an error repeats.
WORDS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What one answer means, as the connector knows it; it wins over the table of statuses."""

    #: ``None``: the answer is to be returned, whatever its status.
    verdict: Verdict | None
    #: The channel's own word for the reason, and its text.
    code: str = ""
    message: str = ""
    #: Seconds it asks to be left alone; ``None``: what its ``Retry-After`` says.
    retry_after_s: float | None = None
    #: The proof is stale: renew it and send the request once more. Only for what is answered before any effect.
    renew: bool = False


#: Status, body (``None`` if it is no JSON) and headers (lower-case names) to a ruling; ``None``: the table decides.
Judge: TypeAlias = Callable[[int, Json, Mapping[str, str]], Ruling | None]


def ruled(
    response: requests.Response,
    what: str,
    ruling: Ruling,
    *,
    redact: Callable[[str], str],
    effect: bool,
) -> ChannelError:
    """The error for an answer that was ruled on; ``what`` names the request."""
    # Cut only what is redacted already: half a secret is not recognised any more.
    code, words = (redact(part)[:WORDS_MAX] for part in (ruling.code, ruling.message))
    said = f"{what}: answered {response.status_code}" + (f" ({words})" if words else "")
    if ruling.verdict is Verdict.MISCONFIGURED:
        return ChannelMisconfiguredError(f"{said}; check credentials, permissions and base_url")
    if ruling.verdict is Verdict.REFUSED:
        return RequestRefusedError(said, status=response.status_code, code=code)
    if ruling.verdict is not Verdict.RETRY_LATER and effect:
        return OutcomeUnknownError(f"{said}; it may have been applied all the same")
    now = http_date(response.headers.get("Date")) or datetime.now(UTC)
    asked_s = retry_after_s(response.headers.get("Retry-After"), now=now)
    return RetryLaterError(
        said, retry_after_s=asked_s if ruling.retry_after_s is None else ruling.retry_after_s
    )


def moved_away(response: requests.Response, what: str) -> str:
    """The sentence for a redirect, which is never followed."""
    elsewhere = urlsplit(response.headers.get("Location", "")).hostname or "another address"
    return f"{what}: answered {response.status_code} and points to {elsewhere}; put the final address into base_url"


def own_words(raw: bytes) -> tuple[str, str]:
    """The channel's code, and code and message together, if its answer is an object that has them."""
    body = readable(raw)
    if not isinstance(body, dict):
        return "", ""
    code, message = (str(body.get(name) or "") for name in ("code", "message"))
    return code, ": ".join(part for part in (code, message) if part)


def readable(raw: bytes) -> Json:
    """The document in ``raw``; ``None`` if it is no strict JSON."""
    try:
        return read_json(raw)
    except MalformedAnswerError:
        return None
