"""What does an error of the Graph API mean? Its code decides, whatever the HTTP status; one that is not listed proves nothing."""

from __future__ import annotations

from collections.abc import Mapping

from syncworker.connector import Document, Json, MalformedAnswerError, Ruling, Verdict, read_json

#: Too many calls: of the app, the user, the page, a custom limit, the ad account, the catalogue's batches.
_THROTTLED = frozenset((4, 17, 32, 613, 80001, 80004, 80014))
#: The token is dead, a session is gone, a permission is missing; 200 to 299 are permissions too.
_MISCONFIGURED = frozenset((190, 102, 10))
#: "Invalid parameter", and the order API's own: refused as they are.
_REFUSED = frozenset(
    (100, 1818015, 1818048, 1818049, 1818050, 1818105, 1818107, 1818111, 1818214, 1818215, 2361003, 2361009,
     2361357, 2382021, 2382023, 2382030, 2382045, 2382052, 2382322)
)  # fmt: skip
#: Somebody else changes the order at this moment, something is pending, the buyer is not charged yet.
_LATER = frozenset((2361050, 2361081, 2361076))
#: An order that is cancelled already.
ALREADY_CANCELLED = frozenset(("1818048", "1818049"))
#: "Cannot be acknowledged": it was, or it needs none; and no such order.
CANNOT_ACKNOWLEDGE, NO_SUCH_ORDER = 2361009, 2361003
_CODE_MAX = 10**12


def judge(status: int, body: Json, headers: Mapping[str, str]) -> Ruling | None:
    """What the error envelope says; ``None`` for an answer without one."""
    if not isinstance(body, dict) or "error" not in body:
        return None
    try:
        error = Document(body)["error"]
        code = error["code"].whole(most=_CODE_MAX)
    except MalformedAnswerError:
        return Ruling(verdict=Verdict.UNKNOWN, message="an error that cannot be read")
    words = error.get("error_user_msg") or error.get("message")
    said = f"{code}: {words.shown()}" if words is not None else str(code)
    verdict = _verdict(code, status, is_transient=_is_true(error.get("is_transient")))
    wait_s = regain_s(headers.get("x-business-use-case-usage")) if verdict is Verdict.RETRY_LATER else None
    return Ruling(verdict=verdict, code=str(code), message=said, retry_after_s=wait_s)


def _verdict(code: int, status: int, *, is_transient: bool) -> Verdict:
    if code in _THROTTLED or code in _LATER:
        return Verdict.RETRY_LATER
    if code in _MISCONFIGURED or 200 <= code < 300:
        return Verdict.MISCONFIGURED
    if code in _REFUSED and not is_transient and status < 500:
        return Verdict.REFUSED
    return Verdict.UNKNOWN


def regain_s(header: str | None) -> float | None:
    """Seconds until the account may call again, from the usage header (minutes there); ``None`` if it does not tell."""
    if header is None:
        return None
    try:
        usage = Document(read_json(header.encode()))
        waits = [
            one["estimated_time_to_regain_access"].whole(most=100_000)
            for name in usage.names()
            for one in usage[name].items()
        ]
    except MalformedAnswerError:
        return None
    return 60.0 * max(waits) if any(waits) else None


def _is_true(value: Document | None) -> bool:
    try:
        return value is not None and value.flag()
    except MalformedAnswerError:
        return True
