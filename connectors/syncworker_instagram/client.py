"""Which requests does the Graph API know for catalogues and orders? Edges, tokens and proofs; no meaning of values."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from syncworker.connector import Answer, ChannelHttp, Content, Document, Json, MalformedAnswerError, Outgoing
from syncworker_instagram.refusals import judge
from syncworker_instagram.settings import InstagramSettings

#: Rows of one page: of products, and of orders (documented as both default and most).
PRODUCTS_PAGE, ORDERS_PAGE = 100, 25
#: Items named in one question.
ASK_MAX = 100
#: Orders acknowledged in one call.
ACKNOWLEDGE_MAX = 100
#: More pages than any account has; one that pages for ever is at fault.
PAGES_MAX = 400

_PRODUCT_FIELDS = "id,retailer_id,name,availability,quantity_to_sell_on_facebook,visibility,review_status"
_ORDER_FIELDS = (
    "id,order_status,created,last_updated,items{id,retailer_id,product_id,quantity,price_per_unit,status}"
)
_STATES = ("FB_PROCESSING", "CREATED", "IN_PROGRESS", "COMPLETED")


def proof_of(app_secret: str, access_token: str) -> str:
    """``appsecret_proof``: what only the app's owner can make of a token."""
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


class GraphAuthorizer:
    """The token in a header, where no page's address repeats it, and the proof beside it."""

    def __init__(self, token: SecretStr, app_secret: SecretStr | None) -> None:
        self._bearer = SecretStr(f"Bearer {token.get_secret_value()}")
        self._proof = (
            None
            if app_secret is None
            else SecretStr(proof_of(app_secret.get_secret_value(), token.get_secret_value()))
        )

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with token and proof."""
        query = request.query if self._proof is None else (*request.query, ("appsecret_proof", self._proof))
        return replace(request, query=query, headers={**request.headers, "Authorization": self._bearer})

    def renew(self) -> bool:
        """There is no refresh: a person has to make a new token."""
        return False


class InstagramClient:
    """The edges of one catalogue and its commerce account. Raises what ``ChannelHttp`` raises, by Meta's codes."""

    def __init__(self, account: str, settings: InstagramSettings) -> None:
        self._settings = settings
        self._catalog, self._cms = f"/{settings.catalog_id}", f"/{settings.cms_id}"
        self._http = self._opened(account, settings.access_token, settings.rate_limits)
        # Batches have a bucket of their own.
        self._batches = self._opened(f"{account}/batches", settings.access_token, settings.batch_limits)
        page_token = settings.page_token or settings.access_token
        self._orders = self._opened(f"{account}/orders", page_token, settings.rate_limits)

    def _opened(self, account: str, token: SecretStr, allowances: tuple[str, ...]) -> ChannelHttp:
        settings = self._settings
        return ChannelHttp(
            account,
            f"{settings.base_url.rstrip('/')}/{settings.api_version}",
            secrets=[token, *([settings.app_secret] if settings.app_secret else [])],
            allow_private_network=settings.allow_private_network,
            horizon_s=settings.horizon_s,
            allowances=allowances,
            authorizer=GraphAuthorizer(token, settings.app_secret),
            renew_on=(),
        )

    def redact(self, text: str) -> str:
        """``text`` without any secret of the account."""
        return self._orders.redact(self._http.redact(text))

    # ------------------------------------------------------------------ the catalogue

    def catalogue(self) -> Json:
        """What Meta tells of the catalogue itself."""
        return self._get(self._http, self._catalog, {"fields": "id,name,product_count,vertical"}).body

    def products(self, cursor: str | None) -> Json:
        """One page of all items."""
        query = {"fields": _PRODUCT_FIELDS, "limit": str(PRODUCTS_PAGE), "after": cursor}
        return self._get(self._http, f"{self._catalog}/products", query).body

    def products_named(self, retailer_ids: Sequence[str]) -> list[Document]:
        """These items, as far as there are any; at most ``ASK_MAX`` are asked for."""
        wanted = json.dumps({"retailer_id": {"is_any": list(retailer_ids)}}, ensure_ascii=False)
        query = {"fields": _PRODUCT_FIELDS, "limit": str(PRODUCTS_PAGE), "filter": wanted}
        return self._walked(self._http, f"{self._catalog}/products", query)

    def send_items(self, requests: Json, *, allow_upsert: bool) -> Json:
        """One ``items_batch``; a success only says that it was taken in."""
        form = urlencode(
            {
                "item_type": "PRODUCT_ITEM",
                "allow_upsert": "true" if allow_upsert else "false",
                "requests": json.dumps(requests, ensure_ascii=False, separators=(",", ":")),
            }
        )
        content = Content(form.encode(), "application/x-www-form-urlencoded")
        path = f"{self._catalog}/items_batch"
        return self._batches.request_json("POST", path, effect=True, content=content, judge=judge).body

    def batch_status(self, handle: str) -> Json:
        """How far a batch is."""
        query = {"handle": handle, "load_ids_of_invalid_requests": "true"}
        return self._get(self._http, f"{self._catalog}/check_batch_request_status", query).body

    def change_item(self, product_item_id: str, fields: Mapping[str, str]) -> None:
        """Change a single item, by Meta's own id of it."""
        content = Content(urlencode(fields).encode(), "application/x-www-form-urlencoded")
        path = f"/{quote(product_item_id, safe='')}"
        self._http.request_json("POST", path, effect=True, content=content, judge=judge)

    # ------------------------------------------------------------------ orders, where an account still has them

    def waiting_orders(self) -> tuple[list[Document], datetime | None]:
        """All orders that wait to be acknowledged, however old."""
        return self._order_walk({"state": "CREATED"})

    def changed_orders(self, since_s: int) -> tuple[list[Document], datetime | None]:
        """Orders in any state that changed at or after that Unix time."""
        return self._order_walk({"state": ",".join(_STATES), "updated_after": str(since_s)})

    def order_items(self, order_id: str) -> list[Document]:
        """All items of an order."""
        query = {"fields": "id,retailer_id,product_id,quantity,price_per_unit,status"}
        return self._walked(self._orders, f"/{quote(order_id, safe='')}/items", query)

    def cancellations(self, order_id: str) -> list[Document]:
        """Everything that was cancelled of an order."""
        return self._walked(
            self._orders, f"/{quote(order_id, safe='')}/cancellations", {"fields": "id,items"}
        )

    def acknowledge(self, orders: Sequence[str], key: str) -> Json:
        """Take note of at most ``ACKNOWLEDGE_MAX`` orders; each has its own result."""
        rows: Json = [{"id": one, "merchant_order_reference": one} for one in orders]
        body: Json = {"idempotency_key": key, "orders": rows}
        return self._post_order(f"{self._cms}/acknowledge_orders", body)

    def cancel(self, order_id: str, *, code: str, words: str, key: str) -> None:
        """Cancel what has not shipped of an order; its units stay off sale."""
        body: Json = {
            "idempotency_key": key,
            "cancel_reason": {"reason_code": code, "reason_description": words},
            "restock_items": False,
        }
        self._post_order(f"/{quote(order_id, safe='')}/cancellations", body)

    def refund(self, order_id: str, *, code: str, units: Mapping[str, int], key: str) -> None:
        """Pay back shipped units, by retailer id."""
        items: Json = [{"retailer_id": one, "item_refund_quantity": units[one]} for one in sorted(units)]
        body: Json = {"idempotency_key": key, "reason_code": code, "items": items}
        self._post_order(f"/{quote(order_id, safe='')}/refunds", body)

    # ------------------------------------------------------------------ one request, one walk

    def _get(self, http: ChannelHttp, path: str, query: Mapping[str, str | None]) -> Answer:
        return http.request_json("GET", path, effect=False, query=query, judge=judge)

    def _post_order(self, path: str, body: Json) -> Json:
        return self._orders.request_json("POST", path, effect=True, json=body, judge=judge).body

    def _order_walk(self, query: Mapping[str, str | None]) -> tuple[list[Document], datetime | None]:
        path = f"{self._cms}/commerce_orders"
        first = self._get(self._orders, path, {**query, "fields": _ORDER_FIELDS, "limit": str(ORDERS_PAGE)})
        rows = self._walked(
            self._orders, path, {**query, "fields": _ORDER_FIELDS, "limit": str(ORDERS_PAGE)}, first=first
        )
        return rows, first.channel_time

    def _walked(
        self,
        http: ChannelHttp,
        path: str,
        query: Mapping[str, str | None],
        *,
        first: Answer | None = None,
    ) -> list[Document]:
        """The rows of every page. Pages may be short: only a missing ``next`` ends them."""
        rows: list[Document] = []
        page, cursor = first, None
        for _ in range(PAGES_MAX):
            page = page or self._get(http, path, {**query, "after": cursor})
            document = Document(page.body)
            rows.extend(document["data"].items())
            following = next_cursor(document)
            if following is None:
                return rows
            if following == cursor:
                break
            page, cursor = None, following
        raise MalformedAnswerError("the pages do not come to an end", path="paging")


def next_cursor(page: Document) -> str | None:
    """Where the next page begins; ``None`` on the last one."""
    paging = page.get("paging")
    if paging is None or paging.get("next") is None:
        return None
    return paging["cursors"]["after"].text()
