"""What does an HTTP answer mean for a caller? JSON read strictly, and one table from status to consequence.

Never guesses a number, and never quotes a body that it cannot read: an unread body may carry secrets.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TypeAlias

from syncworker.errors import MalformedAnswerError

#: What a JSON document can hold once read: numbers with a fraction are ``Decimal``, never ``float``.
Json: TypeAlias = "bool | int | Decimal | str | list[Json] | dict[str, Json] | None"

#: A channel that asks for more is asked again after this many seconds all the same.
RETRY_AFTER_MAX_S = 3600.0


class Verdict(StrEnum):
    """What a status means for the request that got it."""

    #: Nothing was applied, the same request may succeed later.
    RETRY_LATER = "retry_later"
    #: Nothing was applied; credentials, address or permissions are wrong.
    MISCONFIGURED = "misconfigured"
    #: Nothing was applied; the request as it is will never be accepted.
    REFUSED = "refused"
    #: A write may have been applied. For a read it is the same as ``RETRY_LATER``.
    UNKNOWN = "unknown"


#: What is definite, by status; every status that is not listed is ``UNKNOWN``. A connector may override entries.
#: 408 and every 5xx are left out on purpose: they are also answered after the body was taken and acted upon.
STATUS_TABLE: Mapping[int, Verdict] = {
    400: Verdict.REFUSED,
    401: Verdict.MISCONFIGURED,
    403: Verdict.MISCONFIGURED,
    404: Verdict.REFUSED,
    405: Verdict.MISCONFIGURED,
    406: Verdict.MISCONFIGURED,
    409: Verdict.REFUSED,
    410: Verdict.REFUSED,
    411: Verdict.MISCONFIGURED,
    413: Verdict.REFUSED,
    414: Verdict.REFUSED,
    415: Verdict.MISCONFIGURED,
    422: Verdict.REFUSED,
    429: Verdict.RETRY_LATER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, its body read strictly."""

    status: int
    #: The JSON document; ``None`` for an answer without a body.
    body: Json
    #: Names in lower case.
    headers: Mapping[str, str]
    #: The channel's clock when it answered (its Date header, whole seconds), if it tells it.
    channel_time: datetime | None = None


def read_json(raw: bytes) -> Json:
    """The document in ``raw``; ``MalformedAnswerError`` for anything but strict JSON.

    Refused beside broken syntax: NaN and Infinity, a name given twice in one object, bytes that are not UTF-8,
    nesting beyond what a document can need, numbers of thousands of digits.
    """
    problem: str
    try:
        document: Json = json.loads(
            raw.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
        return document
    except UnicodeDecodeError:
        problem = "the answer is not UTF-8 text"
    except json.JSONDecodeError as error:
        problem = _syntax_problem(raw, error.pos)
    except RecursionError:
        problem = "the answer is nested too deeply"
    except _NotStrictError as error:
        problem = str(error)
    except ValueError:
        problem = "the answer holds a number of absurd length"
    # Outside the handlers: a JSONDecodeError carries the whole body, which may hold secrets.
    raise MalformedAnswerError(problem)


def retry_after_s(value: str | None, *, now: datetime) -> float | None:
    """Seconds asked for by a Retry-After header (seconds or HTTP date); between 0 and an hour, ``None`` if unreadable."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        moment = http_date(value)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_MAX_S)


def http_date(value: str | None) -> datetime | None:
    """An HTTP date as aware UTC; ``None`` if there is none or it cannot be read."""
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class _NotStrictError(ValueError):
    pass


def _refuse_constant(name: str) -> Json:
    raise _NotStrictError(f"the answer holds {name}, which is not a number")


def _object(pairs: list[tuple[str, Json]]) -> Json:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise _NotStrictError("the answer gives one name twice in one object")
    return document


def _syntax_problem(raw: bytes, position: int) -> str:
    head = raw.lstrip()[:1]
    if not head:
        return "the answer is empty"
    if head == b"<":
        return "the answer is a web page (HTML), not JSON"
    return f"the answer is not complete JSON (broken at character {position} of {len(raw)})"
