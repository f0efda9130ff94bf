"""Which requests does Shopee's Open Platform know? Endpoints, limits and envelope; no meaning of values.

Never sends a write twice, with one exception: a request refused because its token was none is sent again with a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncworker.connector import (
    Answer,
    ChannelHttp,
    Content,
    Document,
    Json,
    MalformedAnswerError,
    OutcomeUnknownError,
)
from syncworker_shopee.refusals import judge
from syncworker_shopee.settings import ShopeeSettings
from syncworker_shopee.tokens import ShopeeAuthorizer

#: The most orders that can be looked up, and items, at once; models of one item in one request.
DETAILS_MAX, ITEMS_MAX, MODELS_MAX = 50, 50, 50
#: The longest that the two ends of a search by time may lie apart: a minute less than the fifteen days allowed.
WINDOW_S = 15 * 86_400 - 60
#: Left out of the answer unless it is asked for.
_DETAILS = "item_list,cancel_by,cancel_reason,fulfillment_flag,pickup_done_time,advance_package,booking_sn"
#: Deleted items are no listings.
_ITEM_STATUSES = ("NORMAL", "UNLIST", "BANNED", "REVIEWING")

Query = Mapping[str, "str | int | Sequence[str | int] | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The envelope of an answer that is no refusal."""

    envelope: Document
    channel_time: datetime | None = None

    @property
    def data(self) -> Document:
        """What is inside."""
        return self.envelope["response"]


class ShopeeClient:
    """The API of one shop. Raises what ``ChannelHttp`` raises, by Shopee's error instead of the status."""

    def __init__(self, account: str, settings: ShopeeSettings, authorizer: ShopeeAuthorizer) -> None:
        self._settings = settings
        self._http = ChannelHttp(
            account,
            settings.base_url,
            secrets=(settings.partner_key,),
            allow_private_network=settings.allow_private_network,
            horizon_s=settings.capabilities().rules().horizon_s,
            allowances=settings.rate_limits,
            authorizer=authorizer,
            renew_on=(),
        )

    def shop(self) -> Reply:
        """The shop itself; its facts stand in the envelope."""
        return self._read("shop/get_shop_info")

    # ------------------------------------------------------------------ orders

    def orders_changed(self, from_s: int, to_s: int, cursor: str | None) -> Reply:
        """Numbers of orders that changed in this time (Unix seconds), in an order that Shopee does not tell."""
        return self._read(
            "order/get_order_list",
            {
                "time_range_field": "update_time",
                "time_from": from_s,
                "time_to": to_s,
                "page_size": self._settings.page_size,
                "cursor": cursor or "",
                "response_optional_fields": "order_status",
                # Without it orders that are pending are left out.
                "request_order_status_pending": "true",
            },
        )

    def returns_changed(self, from_s: int, to_s: int, page: int) -> Reply:
        """Returns that changed in this time."""
        times: Query = {"update_time_from": from_s, "update_time_to": to_s}
        return self._read(
            "returns/get_return_list", {**times, "page_no": page, "page_size": self._settings.page_size}
        )

    def orders(self, numbers: Sequence[str]) -> Reply:
        """These orders as they are now, at most ``DETAILS_MAX``."""
        query: Query = {
            "order_sn_list": ",".join(numbers),
            "response_optional_fields": _DETAILS,
            "request_order_status_pending": "true",
        }
        return self._read("order/get_order_detail", query)

    def cancel(self, number: str, reason: str, items: Json) -> Reply:
        """Cancel as the seller; out of stock has to name the items."""
        body: dict[str, Json] = {"order_sn": number, "cancel_reason": reason}
        if reason == "OUT_OF_STOCK":
            body["item_list"] = items
        return self._write("order/cancel_order", body)

    def let_cancel(self, number: str) -> Reply:
        """Agree to the buyer's wish to cancel."""
        return self._write("order/handle_buyer_cancellation", {"order_sn": number, "operation": "ACCEPT"})

    # ------------------------------------------------------------------ items and numbers

    def items(self, offset: int) -> Reply:
        """One page of the ids of items that are not deleted."""
        query: Query = {
            "offset": offset,
            "page_size": self._settings.items_page_size,
            "item_status": _ITEM_STATUSES,
        }
        return self._read("product/get_item_list", query)

    def item_facts(self, item_ids: Sequence[str], *, once: bool = False) -> Reply:
        """These items, at most ``ITEMS_MAX``; the stock of those that have no models. ``once``: not tried again."""
        return self._read("product/get_item_base_info", {"item_id_list": ",".join(item_ids)}, once=once)

    def models(self, item_id: str, *, once: bool = False) -> Reply:
        """The models of one item with their stock. ``once``: not tried again."""
        return self._read("product/get_model_list", {"item_id": item_id}, once=once)

    def set_quantities(self, item_id: str, stock_list: Json) -> Reply:
        """Numbers of one item's models, at most ``MODELS_MAX``. The answer tells of each model."""
        return self._write("product/update_stock", {"item_id": int(item_id), "stock_list": stock_list})

    def set_price(self, item_id: str, model_id: str, amount: Json) -> Reply:
        """The price of one model, in the shop's currency."""
        price: Json = {"model_id": int(model_id), "original_price": amount}
        return self._write("product/update_price", {"item_id": int(item_id), "price_list": [price]})

    def set_listed(self, item_id: str, *, is_listed: bool) -> Reply:
        """Show an item to buyers or hide it, with all its models."""
        row: Json = {"item_id": int(item_id), "unlist": not is_listed}
        return self._write("product/unlist_item", {"item_list": [row]})

    def upload_picture(self, form: Content) -> Reply:
        """Hand a picture over; nobody sees it before an item names it."""
        answer = self._http.request_json(
            "POST", "/api/v2/media_space/upload_image", effect=False, content=form, judge=judge
        )
        return _opened(answer)

    def add_item(self, body: Json) -> Reply:
        """Make an item. Nothing keeps a repeat from making a second one."""
        return self._write("product/add_item", body)

    def redact(self, text: str) -> str:
        """``text`` without any secret of the account."""
        return self._http.redact(text)

    # ------------------------------------------------------------------ the envelope

    def _read(self, what: str, query: Query | None = None, *, once: bool = False) -> Reply:
        # What is told to have an effect is sent once, and not after the window of the push that it belongs to.
        answer = self._http.request_json(
            "GET", f"/api/v2/{what}", effect=once, query=query or {}, judge=judge
        )
        return _opened(answer)

    def _write(self, what: str, body: Json) -> Reply:
        answer = self._http.request_json("POST", f"/api/v2/{what}", effect=True, json=body, judge=judge)
        try:
            return _opened(answer)
        except MalformedAnswerError as error:
            problem = f"POST {self._http.host}/api/v2/{what}: {error}"
        raise OutcomeUnknownError(problem)


def _opened(answer: Answer) -> Reply:
    """An answer without an ``error``, not even an empty one, is none of Shopee's."""
    envelope = Document(answer.body)
    envelope["error"].shown()
    return Reply(envelope=envelope, channel_time=answer.channel_time)
