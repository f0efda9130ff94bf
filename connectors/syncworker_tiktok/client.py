"""Which requests does the TikTok Shop API know? Endpoints, envelope and error table; no meaning of values.

Never sends a write twice, with one exception: a request refused because its token had ended is sent again with a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syncworker.connector import (
    ChannelHttp,
    ChannelMisconfiguredError,
    Content,
    Document,
    Json,
    Judge,
    MalformedAnswerError,
    OutcomeUnknownError,
    Ruling,
    Verdict,
)
from syncworker_tiktok.refusals import judge
from syncworker_tiktok.settings import TikTokSettings
from syncworker_tiktok.tokens import TikTokAuthorizer

#: The most rows that the searches for cancellations and returns give at once.
AFTERSALES_PAGE = 50
#: The most orders that can be looked up, and products found by seller SKU, at once.
DETAILS_MAX, SELLER_SKUS_MAX = 50, 10
#: The most SKUs of one inventory search.
READ_MAX = 600

_SEARCHES = {
    "orders": "/order/202309/orders/search",
    "cancellations": "/return_refund/202309/cancellations/search",
    "returns": "/return_refund/202309/returns/search",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The ``data`` of an answer that said success."""

    data: Document
    channel_time: datetime | None = None


class TikTokClient:
    """The API of one shop. Raises what ``ChannelHttp`` raises, by TikTok's code instead of the status."""

    def __init__(self, account: str, settings: TikTokSettings, authorizer: TikTokAuthorizer) -> None:
        self._account, self._settings, self._desk = account, settings, authorizer.desk
        self._http = ChannelHttp(
            account,
            settings.base_url,
            secrets=(settings.app_secret,),
            allow_private_network=settings.allow_private_network,
            horizon_s=settings.capabilities().rules().horizon_s,
            allowances=settings.rate_limits,
            authorizer=authorizer,
            renew_on=(),
        )

    # ------------------------------------------------------------------ the account

    def shops(self) -> Reply:
        """The shops that the consent covers. Must not carry a cipher."""
        return self._call("GET", "/authorization/202309/shops", cipher=False)

    def warehouses(self) -> Reply:
        return self._call("GET", "/logistics/202309/warehouses")

    # ------------------------------------------------------------------ orders

    def changed(self, feed: str, since_s: int, token: str | None) -> Reply:
        """One page of ``feed``, what changed at or after ``since_s`` (Unix seconds), oldest change first."""
        most = self._settings.page_size if feed == "orders" else AFTERSALES_PAGE
        return self._call(
            "POST",
            _SEARCHES[feed],
            query={
                "page_size": str(min(most, self._settings.page_size)),
                "page_token": token,
                "sort_field": "update_time",
                "sort_order": "ASC",
            },
            body={"update_time_ge": since_s},
        )

    def orders(self, order_ids: Sequence[str]) -> Reply:
        """These orders as they are now, at most ``DETAILS_MAX``."""
        return self._call("GET", "/order/202309/orders", query={"ids": ",".join(order_ids)})

    def returns_of(self, order_ids: Sequence[str], token: str | None) -> Reply:
        """One page of everything that came back of these orders."""
        return self._call(
            "POST",
            _SEARCHES["returns"],
            query={
                "page_size": str(AFTERSALES_PAGE),
                "page_token": token,
                "sort_field": "create_time",
                "sort_order": "ASC",
            },
            body={"order_ids": list(order_ids)},
        )

    def cancel(self, order_id: str, reason: str) -> Reply:
        """Cancel a whole order, for a reason that TikTok has a code for."""
        body: Json = {"order_id": order_id, "cancel_reason": reason}
        return self._call("POST", "/return_refund/202309/cancellations", body=body, effect=True)

    # ------------------------------------------------------------------ products and numbers

    def products(self, token: str | None, *, seller_skus: Sequence[str] = ()) -> Reply:
        """One page of products, all or those that have one of these seller SKUs (at most ``SELLER_SKUS_MAX``)."""
        body: dict[str, Json] = {"seller_skus": list(seller_skus)} if seller_skus else {}
        query = {"page_size": str(self._settings.page_size), "page_token": token}
        return self._call("POST", "/product/202502/products/search", query=query, body=body)

    def product(self, product_id: str) -> Reply:
        return self._call("GET", f"/product/202309/products/{product_id}")

    def read_quantities(self, sku_ids: Sequence[str], *, once: bool = False) -> Reply:
        """The numbers of these SKUs, at most ``READ_MAX``. ``once``: not tried again."""
        path = "/product/202309/inventory/search"
        return self._call("POST", path, body={"sku_ids": list(sku_ids)}, effect=once)

    def set_quantities(self, product_id: str, skus: Json) -> Reply:
        """Numbers of one product's SKUs. Success may still hold errors of single SKUs."""
        path = f"/product/202309/products/{product_id}/inventory/update"
        return self._call("POST", path, body={"skus": skus}, effect=True)

    def set_price(self, product_id: str, sku_id: str, amount: str, currency: str) -> Reply:
        path = f"/product/202309/products/{product_id}/prices/update"
        price: Json = {"amount": amount, "currency": currency}
        return self._call("POST", path, body={"skus": [{"id": sku_id, "price": price}]}, effect=True)

    def upload_picture(self, form: Content) -> Reply:
        """Hand a picture over; nobody sees it before a product names it. Must not carry a cipher."""
        return self._call(
            "POST", "/product/202309/images/upload", content=form, cipher=False, judge=self._judge_check
        )

    def check_product(self, body: Json) -> Reply:
        """Whether a product could be made; makes nothing, so that every refusal is one."""
        return self._call(
            "POST", "/product/202309/products/listing_check", body=body, judge=self._judge_check
        )

    def create_product(self, body: Json) -> Reply:
        return self._call("POST", "/product/202309/products", body=body, effect=True)

    def redact(self, text: str) -> str:
        """``text`` without any secret of the account."""
        return self._http.redact(text)

    # ------------------------------------------------------------------ the envelope

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | None] | None = None,
        body: Json = None,
        content: Content | None = None,
        effect: bool = False,
        cipher: bool = True,
        judge: Judge | None = None,
    ) -> Reply:
        asked = {**(query or {}), "shop_cipher": self._cipher() if cipher else None}
        answer = self._http.request_json(
            method,
            path,
            effect=effect,
            query=asked,
            json=body,
            content=content,
            judge=judge or self._judge,
        )
        try:
            envelope = Document(answer.body)
            envelope["code"].whole()
            return Reply(data=envelope["data"], channel_time=answer.channel_time)
        except MalformedAnswerError as error:
            problem, where = f"{method} {self._http.host}{path}: {error}", error.path
        raise OutcomeUnknownError(problem) if effect else MalformedAnswerError(problem, path=where)

    def _judge(self, status: int, body: Json, _headers: Mapping[str, str]) -> Ruling | None:
        """What the envelope says. A token that another worker replaced meanwhile is worth a second try, whatever its fault."""
        return judge(status, body, is_replaced=self._desk.was_replaced())

    def _judge_check(self, status: int, body: Json, headers: Mapping[str, str]) -> Ruling | None:
        """A code that stands in no table is a refusal all the same: there was nothing to apply."""
        ruling = self._judge(status, body, headers)
        is_told = ruling is not None and ruling.code != "" and ruling.verdict is Verdict.UNKNOWN
        return replace(ruling, verdict=Verdict.REFUSED) if ruling is not None and is_told else ruling

    def _cipher(self) -> str:
        cipher = self._settings.shop_cipher or self._desk.fact("shop_cipher")
        if cipher is None:
            raise ChannelMisconfiguredError(
                f"{self._account} has no shop yet: run `syncworker channel connect {self._account}`, or set shop_cipher"
            )
        return cipher
