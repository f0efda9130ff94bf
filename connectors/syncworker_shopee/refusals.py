"""What does Shopee mean by an error? One table from code and message to what the caller should do; pure.

Success is an empty ``error``, whatever the HTTP status. One code has many causes (``error_auth`` is a bad token *and*
stock below what a promotion holds), so the message decides first. Sources: the error lists of the endpoints used here,
in Shopee's API reference. What is not listed proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import NamedTuple

from syncworker.connector import Json, Ruling, Verdict


class Meaning(StrEnum):
    """What an error says about the request that got it."""

    #: Too many requests; nothing was applied.
    THROTTLED = "throttled"
    #: The app has used up its calls of the day; nothing was applied.
    DAY_IS_OVER = "day_is_over"
    #: The access token is none, or too old; nothing was applied, a fresh one helps.
    TOKEN = "token"  # noqa: S105  # a word, not a token
    #: Keys, permissions, clock or the shop as a whole; nothing was applied.
    MISCONFIGURED = "misconfigured"
    #: A promotion holds more units of this item than the number leaves; nothing was applied.
    HELD = "held"
    #: A promotion locks the number of this item altogether; nothing was applied.
    PROMOTION = "promotion"
    #: This item or model will not take it until a person acts; nothing was applied.
    ITEM = "item"
    #: The request as it is; nothing was applied.
    REQUEST = "request"
    #: An answer that tells what became of each part.
    IN_PARTS = "in_parts"
    #: Nobody can tell.
    UNKNOWN = "unknown"


#: "Does not exist", "not this shop's": no number stands behind that id.
NO_SUCH_ITEM = frozenset(("error_item_not_found", "error_item_not_belong_shop"))
#: Orders that are missing or another shop's.
NO_SUCH_ORDER = frozenset(("error_not_found", "error_order_not_found", "order_not_found"))
#: Where Shopee's day of calls begins.
_DAY_ZONE = timezone(timedelta(hours=8))

_BY_CODE: Mapping[str, Meaning] = {
    **dict.fromkeys(
        ("invalid_access_token", "invalid_acceess_token"),  # the second one is how it is written
        Meaning.TOKEN,
    ),
    **dict.fromkeys(("error_rate_limit",), Meaning.THROTTLED),
    **dict.fromkeys(
        (
            "error_sign",
            "error_permission",
            "error_perm_non_admin",
            "error_api_permission",
            "error_ashop_api_permission",
            "error_kyc_auth",
            "error_shop",
            "error_shop_not_found",
            "error_param_shop_id_not_found",
            "error_partner_key_expired",
            "error_api_call_restricted",
            "error_seller_under_penalty",
            "api_suspended",
            "invalid_partner_id",
            "partner_shop_no_link",
            "shop_no_linked",
            "shop_banned",
            "source_ip_undeclared",
        ),
        Meaning.MISCONFIGURED,
    ),
    **dict.fromkeys(
        (
            "error_cannt_edit_stock_in_promotion",
            "error_promotion_cantnot_update_stock",
            "error_model_update_stock_model_in_promotion",
        ),
        Meaning.PROMOTION,
    ),
    **dict.fromkeys(
        (
            *NO_SUCH_ITEM,
            "error_item_uneditable",
            "error_holiday_mode_change_stock",
            "error_busi_cannot_edit_vsku",
            "error_edit_item_stock_for_item_has_model",
            "error_in_item_promotion_nomodel_to_models",
            "error_wms_shop_block_upate_stock",
        ),
        Meaning.ITEM,
    ),
    **dict.fromkeys((*NO_SUCH_ORDER, "order_list_invalid_time"), Meaning.REQUEST),
    "error_busi_update_stock_failed": Meaning.IN_PARTS,
}

_Rule = tuple[re.Pattern[str], Meaning]


def _rule(words: str, meaning: Meaning) -> _Rule:
    return re.compile(words, re.IGNORECASE), meaning


#: What a message says of an item, whatever its code; also of one model of an item that was set in part.
_OF_AN_ITEM: tuple[_Rule, ...] = (
    _rule(r"reserved? stock", Meaning.HELD),
    _rule(r"(under|in|is) promotion", Meaning.PROMOTION),
    _rule(r"location.?id|stock structure|multi warehouse|stock location", Meaning.ITEM),
    _rule(r"\bfbs\b|\bvsku\b|cnsc shop|holiday mode|has models", Meaning.ITEM),
    _rule(r"(wrong|repeat|invalid) model_?id|model_?id (is )?(not found|invalid)", Meaning.ITEM),
    _rule(r"(product|item_?id|item|model) (is )?not found", Meaning.ITEM),
)
#: What a message says of the whole request.
_OF_A_REQUEST: Mapping[str, tuple[_Rule, ...]] = {
    "error_auth": (
        _rule(r"access_token", Meaning.TOKEN),
        _rule(r"try again later", Meaning.UNKNOWN),
        _rule(
            r"permission|partner|shop_?id|refresh_token|invalid code|app is deleted|restricted|expired",
            Meaning.MISCONFIGURED,
        ),
    ),
    "error_param": (
        _rule(r"refresh_token|(invalid|wrong|auth) code", Meaning.MISCONFIGURED),
        _rule(r"access_token|partner_id|timestamp|\bsign\b|shop_?id|shop id|gateway", Meaning.MISCONFIGURED),
        _rule(r"currently offline|request path", Meaning.MISCONFIGURED),
        _rule(r"", Meaning.REQUEST),
    ),
    "error_limit": (_rule(r"daily|00: ?00", Meaning.DAY_IS_OVER),),
}


class Refusal(NamedTuple):
    """An error as it stands in an envelope."""

    code: str
    message: str
    #: Both, with what Shopee calls the request.
    said: str

    @property
    def meaning(self) -> Meaning:
        """What it says, ``UNKNOWN`` for what is not listed."""
        found = _BY_CODE.get(self.code)
        if found is Meaning.IN_PARTS:
            # Some of it may have been applied, whatever the message says of one part.
            return found
        of_item = _first(_OF_AN_ITEM, self.message)
        if of_item is not None:
            return of_item
        return found or _first(_OF_A_REQUEST.get(self.code, ()), self.message) or Meaning.UNKNOWN


def meaning_of_part(words: str) -> Meaning:
    """What the reason of one model that was not set says; free text, so most of it proves nothing."""
    return _first(_OF_AN_ITEM, words) or _BY_CODE.get(_plain(words.strip()), Meaning.UNKNOWN)


def refusal(body: Json) -> Refusal | None:
    """The error of an answer; ``None`` for a success, and for what is no envelope."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(error, str) or not error:
        return None
    message, request_id = body.get("message"), body.get("request_id")
    said = f"{error}: {message or ''}" + (f" [request {request_id}]" if request_id else "")
    return Refusal(_plain(error), message if isinstance(message, str) else "", said)


def _tells_parts(body: Json) -> bool:
    """Whether it tells of something that was applied, so that no error can be of the whole request."""
    told = body.get("response") if isinstance(body, dict) else None
    return isinstance(told, dict) and bool(told.get("success_list"))


def judge(status: int, body: Json, headers: Mapping[str, str]) -> Ruling | None:
    """What an answer with an error means; ``None``: it has none, the status alone decides."""
    found = refusal(body)
    if found is None:
        return None
    meaning = Meaning.IN_PARTS if _tells_parts(body) else found.meaning
    if meaning is Meaning.IN_PARTS:
        return Ruling(verdict=None)
    if status == 429:
        meaning = Meaning.THROTTLED
    wait_s = _until_midnight_s(headers.get("date")) if meaning is Meaning.DAY_IS_OVER else None
    return Ruling(
        verdict=_VERDICTS[meaning],
        code=found.code,
        message=found.said + _advice(found),
        retry_after_s=wait_s,
        renew=meaning is Meaning.TOKEN,
    )


_VERDICTS: Mapping[Meaning, Verdict] = {
    Meaning.THROTTLED: Verdict.RETRY_LATER,
    Meaning.DAY_IS_OVER: Verdict.RETRY_LATER,
    Meaning.TOKEN: Verdict.MISCONFIGURED,
    Meaning.MISCONFIGURED: Verdict.MISCONFIGURED,
    Meaning.HELD: Verdict.REFUSED,
    Meaning.PROMOTION: Verdict.REFUSED,
    Meaning.ITEM: Verdict.REFUSED,
    Meaning.REQUEST: Verdict.REFUSED,
    Meaning.UNKNOWN: Verdict.UNKNOWN,
}


def _advice(found: Refusal) -> str:
    """The next step for a person, empty where Shopee's words say it."""
    if "timestamp" in found.message.lower() or found.code == "error_sign":
        return "; check partner_key, and this computer's clock: it may be wrong by 5 minutes at most"
    if found.meaning is Meaning.TOKEN:
        return "; connect the account again (`syncworker channel connect`)"
    return ""


def _first(rules: tuple[_Rule, ...], message: str) -> Meaning | None:
    return next((meaning for words, meaning in rules if words.search(message)), None)


def _plain(code: str) -> str:
    """The code without its module: ``order.error_param`` and ``error.param`` are ``error_param``."""
    return re.sub(r"^error\.", "error_", code).rpartition(".")[2]


def _until_midnight_s(date: str | None) -> float:
    """Seconds until the calls of the next day: midnight at UTC+8."""
    now = (_http_date(date) or datetime.now(UTC)).astimezone(_DAY_ZONE)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - now).total_seconds() + 1.0


def _http_date(value: str | None) -> datetime | None:
    try:
        return None if value is None else parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
