"""What does TikTok Shop mean by a code? One table from code and message to what the caller should do.

Success is code 0 whatever the HTTP status; one code (36009004) has a dozen causes that only its message tells apart.
Sources: "Common errors" and the error tables of the endpoints used here. A code that is not listed proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from syncworker.connector import Document, Json, MalformedAnswerError, Ruling, Verdict


class Meaning(StrEnum):
    """What a code other than 0 says about the request that got it."""

    #: Too many requests; nothing was applied.
    THROTTLED = "throttled"
    #: The access token is too old; nothing was applied, a fresh one helps.
    TOKEN_EXPIRED = "token_expired"  # noqa: S105  # a word, not a token
    #: The access token is none, any more or for this shop; nothing was applied.
    TOKEN_WRONG = "token_wrong"  # noqa: S105
    #: Keys, scope, clock or address; nothing was applied.
    MISCONFIGURED = "misconfigured"
    #: This product will not take it until a person acts; nothing was applied to any SKU of the request.
    PRODUCT = "product"
    #: One SKU will not take it until a person acts; nothing was applied to it. Of others in the request it says nothing.
    ITEM = "item"
    #: The request as it is; nothing was applied.
    REQUEST = "request"
    #: Nobody can tell.
    UNKNOWN = "unknown"


#: "Does not exist", "not this shop's": no number stands behind that id.
NO_SUCH_ITEM = frozenset((12052032, 12019150, 12052260, 12052048, 12052034, 12052036))
#: Orders that are missing or another shop's.
NO_SUCH_ORDER = 21008111

#: Said of the product or of the request as a whole, so that no SKU of it was looked at.
_PRODUCT = frozenset(
    (
        12052032,  # no such product
        12019150,
        12052260,
        12052048,  # another shop's
        12052034,
        12019113,  # not on sale: draft, deactivated, frozen
        12052141,  # to be edited at the global product
        12019028,  # several warehouses: name all of them and try again
        12052516,
        12052037,  # the update as a whole could not be done: stock is allocated automatically, or warehouses are missing
    )
)
#: Said of one SKU.
_ITEM = frozenset(
    (
        12052036,  # SKU id
        12019024,  # stock invalid
        12052055,  # stock out of range
        12019022,  # warehouse
        12052097,  # no such warehouse
        12052531,  # warehouse disabled
        12052990,  # check failed, the rest stands in extra_errors
        12052144,  # TikTok's own warehouse
        12052708,  # a combination's stock follows from its parts
        12052850,  # the same
        12052921,  # stock shared with another shop
        12052393,  # a promotion holds the stock: it cannot be lowered
        12019045,  # price locked
        12052038,  # price locked by a promotion
    )
)
_THROTTLED = frozenset((36009002, 36009037))
_MISCONFIGURED = frozenset(
    (
        106001,  # signature
        36004004,  # authorisation code
        105005,  # scope
        36009033,  # address not allowed
        12019114,  # seller
        12009014,
        36009043,  # seller disabled
        36009044,
        106013,  # cipher missing
        36009009,  # path
        36009010,  # method
        36009014,  # version
        36009021,  # content type and its like
        36009022,
        36009023,
    )
)
_REQUEST = frozenset((11050001, 98001004, NO_SUCH_ORDER, 12052180))
_EXPIRED = 105002
_WRONG = 101000
#: Its messages decide.
_MANY_CAUSES = 36009004
_TOKEN = re.compile(r"access.token", re.IGNORECASE)
_CREDENTIALS = re.compile(r"credential|signature|timestamp|app_key|identifier|version", re.IGNORECASE)
_PARAMETER = re.compile(r"param", re.IGNORECASE)


def meaning(code: int, message: str) -> Meaning:
    """What this code means, ``UNKNOWN`` for one that is not listed."""
    if code == _WRONG or (code == _MANY_CAUSES and _TOKEN.search(message)):
        return Meaning.TOKEN_WRONG
    if code == _MANY_CAUSES:
        if _CREDENTIALS.search(message):
            return Meaning.MISCONFIGURED
        return Meaning.REQUEST if _PARAMETER.search(message) else Meaning.UNKNOWN
    if code == _EXPIRED:
        return Meaning.TOKEN_EXPIRED
    for codes, verdict in (
        (_PRODUCT, Meaning.PRODUCT),
        (_ITEM, Meaning.ITEM),
        (_THROTTLED, Meaning.THROTTLED),
        (_MISCONFIGURED, Meaning.MISCONFIGURED),
        (_REQUEST, Meaning.REQUEST),
    ):
        if code in codes:
            return verdict
    return Meaning.UNKNOWN


def is_definite(codes: set[int]) -> bool:
    """Whether all of these say that an item was refused before anything was done."""
    return bool(codes) and codes <= _ITEM | _PRODUCT


#: Which of these statuses goes with which code is not documented, so the envelope decides.
_ENVELOPED = frozenset((400, 401, 403, 404, 405, 409, 422))
_VERDICTS: Mapping[Meaning, Verdict] = {
    Meaning.THROTTLED: Verdict.RETRY_LATER,
    Meaning.TOKEN_EXPIRED: Verdict.MISCONFIGURED,
    Meaning.TOKEN_WRONG: Verdict.MISCONFIGURED,
    Meaning.MISCONFIGURED: Verdict.MISCONFIGURED,
    Meaning.PRODUCT: Verdict.REFUSED,
    Meaning.ITEM: Verdict.REFUSED,
    Meaning.REQUEST: Verdict.REFUSED,
    Meaning.UNKNOWN: Verdict.UNKNOWN,
}


def judge(status: int, body: Json, *, is_replaced: bool) -> Ruling | None:
    """What an answer's envelope means; ``None``: a success, or the status alone decides.

    ``is_replaced``: a newer token is there than the one that was sent.
    """
    if status >= 300 and status not in _ENVELOPED:
        return None
    try:
        envelope = Document(body)
        code = envelope["code"].whole(most=10**12)
        words = envelope.get("message")
        message = "" if words is None else words.shown()
    except MalformedAnswerError:
        return None if status < 300 else Ruling(verdict=Verdict.UNKNOWN)
    if code == 0:
        return None if status < 300 else Ruling(verdict=Verdict.UNKNOWN, code="0", message="success")
    found = meaning(code, message)
    said = f"{code}: {message}"
    if _VERDICTS[found] is Verdict.MISCONFIGURED:
        said += advice(code, message)
    is_stale = found is Meaning.TOKEN_EXPIRED or (found is Meaning.TOKEN_WRONG and is_replaced)
    return Ruling(verdict=_VERDICTS[found], code=str(code), message=said, renew=is_stale)


def advice(code: int, message: str) -> str:
    """The next step for a person who has to mend the account, empty where the channel's words say it."""
    if "timestamp" in message.lower():
        return "; set this computer's clock: it may lag by 5 minutes at most, and run ahead by 30 seconds"
    if code in (_WRONG, 36004004) or _TOKEN.search(message):
        return "; connect the account again (`syncworker channel connect`)"
    if code == 36009033:
        return "; add this computer's address to the app's allow list"
    return "; check app_key, app_secret and the app's permissions in the Partner Center"
