"""How does the engine reach a TikTok Shop? The contract's methods in terms of the client and the mappings.

Never decides a number, repeats no write but one that was refused as a whole before any effect, and keeps nothing but which
SKUs better go alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel

from syncworker.connector import (
    CONTRACT_VERSION,
    Capabilities,
    Channel,
    ChannelCheck,
    ChannelError,
    ChannelMisconfiguredError,
    ConsentRequest,
    Document,
    Known,
    ListingDraft,
    ListingPage,
    ListingRejectedError,
    ListingUpdate,
    MalformedAnswerError,
    OneToken,
    OrderPage,
    OutcomeUnknownError,
    Parcel,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
    RequestRefusedError,
    RetryLaterError,
    Token,
    TokenStore,
    WebhookRequest,
    consent_code,
    left_beside,
    less_beside,
    refused,
    require_signature,
    send_parcels,
    webhook_rings,
)
from syncworker_tiktok import feeds, listings, orders, quantities, shop
from syncworker_tiktok.client import READ_MAX, TikTokClient
from syncworker_tiktok.listings import PoolKey
from syncworker_tiktok.products import ProductMaker
from syncworker_tiktok.refusals import NO_SUCH_ITEM
from syncworker_tiktok.settings import TikTokSettings
from syncworker_tiktok.signing import webhook_signature
from syncworker_tiktok.tokens import TikTokAuthorizer, TokenOffice

#: Webhooks that say nothing of orders: product status, contents, creation and audit, an expiring consent, chats.
_SILENT = frozenset((5, 7, 13, 14, 15, 16, 27, 37))


Found = TypeVar("Found")


class TikTokChannel:
    """One shop at TikTok Shop."""

    def __init__(self, account: str, settings: TikTokSettings, tokens: TokenStore) -> None:
        self._settings = settings
        authorizer = TikTokAuthorizer(account, settings, tokens)
        self._desk = authorizer.desk
        self._client = TikTokClient(account, settings, authorizer)
        #: SKUs of which another one in their request left nothing sure; lost with the process, it costs one more request.
        self._alone: set[str] = set()

    def capabilities(self) -> Capabilities:
        """What is documented, and what the settings declare."""
        return self._settings.capabilities()

    def check(self) -> ChannelCheck:
        """Ask which shop the token opens and where its goods lie."""
        cipher = self._settings.shop_cipher or self._desk.fact("shop_cipher")
        return shop.check(self._client.shops().data, self._client.warehouses().data, cipher, self._settings)

    # ------------------------------------------------------------------ reading

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        """One page of a feed, oldest change first."""
        return feeds.order_page(self._client, self._settings, feed, since=since, cursor=cursor)

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        """One page of products, each SKU a listing."""
        data = self._client.products(cursor).data
        page = listings.listing_page(data, self._settings.warehouse_id)
        if page.next_cursor is not None and page.next_cursor == cursor:
            raise MalformedAnswerError("the page leads to itself", path="next_page_token")
        return page

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        """What each SKU would still sell from its warehouse, campaigns included."""
        keys = [key for text in pool_keys if (key := PoolKey.read(text)) is not None]
        found: list[Reading] = []
        for start in range(0, len(keys), READ_MAX):
            found += self._read(keys[start : start + READ_MAX])
        return found

    def _read(self, keys: Sequence[PoolKey]) -> Sequence[Reading]:
        found, missing = self._looked_up(keys, listings.readings)
        return [*found, *(Reading(pool_key=str(key), quantity=None) for key in missing)]

    def _looked_up(
        self,
        keys: Sequence[PoolKey],
        read: Callable[[Document, Sequence[PoolKey]], Iterable[Found]],
        *,
        once: bool = False,
    ) -> tuple[list[Found], list[PoolKey]]:
        """What ``read`` finds of these in TikTok's stock, and the keys of which TikTok knows no SKU."""
        sku_ids = list(dict.fromkeys(key.sku_id for key in keys))
        try:
            return list(read(self._client.read_quantities(sku_ids, once=once).data, keys)), []
        except RequestRefusedError as error:
            if not error.code.isdecimal() or int(error.code) not in NO_SUCH_ITEM:
                raise
        if len(sku_ids) == 1:
            return [], list(keys)
        # One unknown SKU spoils the whole search, so each is asked for by itself.
        found: list[Found] = []
        missing: list[PoolKey] = []
        for sku_id in sku_ids:
            told, unknown = self._looked_up([key for key in keys if key.sku_id == sku_id], read, once=once)
            found, missing = found + told, missing + unknown
        return found, missing

    # ------------------------------------------------------------------ writing

    def goes_with(self, pool_key: str) -> str:
        """The product: a request takes SKUs of one."""
        key = PoolKey.read(pool_key)
        return "" if key is None else key.product_id

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        """One request a product, which is the least that TikTok takes. Each request's outcome is its own."""
        entries, told = quantities.entries(pushes)
        beside, missing = self._beside([entry.key for entry in entries])
        gone = [
            refused(entry.push, "not sent: TikTok Shop knows no such SKU", parks=True)
            for entry in entries
            if entry.key in missing
        ]
        fit, held = less_beside((one for one in entries if one.key not in missing), beside)
        zeros = [one for one in entries if one.push.value == 0]
        sent = send_parcels(quantities.parcels(fit, self._alone), self._sent, redact=self._client.redact)
        return [*told, *gone, *held, *left_beside(sent, zeros, beside)]

    def _beside(self, keys: Sequence[PoolKey]) -> tuple[dict[PoolKey, int], list[PoolKey]]:
        """Units that are sold beside each number, and numbers that are not there. ``RetryLaterError`` where nobody can tell:
        nothing was sent.
        """
        if self._settings.campaigns is Known.NO:
            return dict.fromkeys(keys, 0), []
        found: dict[PoolKey, int] = {}
        missing: list[PoolKey] = []
        for start in range(0, len(keys), READ_MAX):
            part = keys[start : start + READ_MAX]
            try:
                told, unknown = self._looked_up(
                    part, lambda *asked: listings.beside(*asked).items(), once=True
                )
            except ChannelMisconfiguredError:
                raise
            except ChannelError as error:
                raise RetryLaterError(f"units in campaigns cannot be read: {error}") from error
            found |= dict(told)
            missing += unknown
        return found, missing

    def _sent(self, parcel: Parcel[PoolKey]) -> Sequence[PushResult] | None:
        self._alone -= {entry.key.sku_id for entry in parcel.entries}
        try:
            data = self._client.set_quantities(parcel.of, quantities.body(parcel)).data
        except RequestRefusedError as error:
            told = quantities.turned_down(parcel, error)
        else:
            told = quantities.results(data, parcel)
        self._alone |= quantities.unsaid(parcel, told or ())
        return told

    def publish(self, draft: ListingDraft) -> RemoteListing:
        """The listing that has this seller SKU, or a new product with quantity 0 that TikTok reviews first."""
        found = [one for one in self._with_seller_sku(draft.sku) if one.sku == draft.sku]
        if len(found) > 1:
            ids = ", ".join(one.listing_id for one in found)
            raise ListingRejectedError(
                f"{draft.sku}: TikTok Shop lists it several times ({ids}): link the right one by hand",
                sku=draft.sku,
            )
        return found[0] if found else ProductMaker(self._client, self._settings).make(draft)

    def update_listing(self, update: ListingUpdate) -> RemoteListing:
        """Change the price of a SKU; everything else belongs to the whole product, and is edited there."""
        ids = listings.split_listing_id(update.listing_id)
        if ids is None:
            raise ListingRejectedError(
                f"{update.sku}: {update.listing_id} is no TikTok Shop listing", sku=update.sku
            )
        whole = (update.title, update.description, update.images, update.active)
        if any(part is not None for part in whole):
            raise ListingRejectedError(
                f"{update.sku}: title, description, pictures and being on sale belong to the whole product at TikTok Shop, "
                "and a change is reviewed there: edit it in the Seller Center",
                sku=update.sku,
            )
        if update.price is not None:
            self._set_price(update, *ids, format(update.price.amount, "f"), update.price.currency)
        return self._listing(update, ids[0])

    def _set_price(
        self, update: ListingUpdate, product_id: str, sku_id: str, amount: str, currency: str
    ) -> None:
        try:
            data = self._client.set_price(product_id, sku_id, amount, currency).data
        except RequestRefusedError as error:
            raise ListingRejectedError(str(error), sku=update.sku) from error
        errors = None if data.is_null() else data.get("errors")
        if errors is not None and list(errors.items()):
            # How this answer tells of a failure is not documented; that it tells of one is enough.
            raise ListingRejectedError(f"{update.sku}: {self._client.redact(errors.shown())}", sku=update.sku)

    def _listing(self, update: ListingUpdate, product_id: str) -> RemoteListing:
        try:
            product = self._client.product(product_id).data
            found = list(listings.listings_of(product, self._settings.warehouse_id))
        except RequestRefusedError as error:
            raise ListingRejectedError(str(error), sku=update.sku) from error
        except (RetryLaterError, MalformedAnswerError) as error:
            raise OutcomeUnknownError(
                f"{update.sku}: changed, but it cannot be read back: {error}"
            ) from error
        for one in found:
            if one.listing_id == update.listing_id:
                return one
        raise ListingRejectedError(
            f"{update.sku}: {update.listing_id} is not listed any more", sku=update.sku
        )

    def _with_seller_sku(self, sku: str) -> Iterator[RemoteListing]:
        token: str | None = None
        while True:
            page = listings.listing_page(
                self._client.products(token, seller_skus=[sku]).data, self._settings.warehouse_id
            )
            yield from page.listings
            if page.next_cursor is None:
                return
            if page.next_cursor == token:
                raise MalformedAnswerError("the page leads to itself", path="next_page_token")
            token = page.next_cursor

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        """Cancel a whole order as its seller; one that is cancelled already stays so."""
        for one in self._client.orders([external_id]).data["orders"].items():
            if one["id"].text() == external_id:
                code = orders.cancel_reason(one, self._settings, reason)
                if code is not None:
                    self._client.cancel(external_id, code)
                return
        raise RequestRefusedError(f"TikTok Shop does not show the order {external_id}", status=200)

    # ------------------------------------------------------------------ being called

    def hint(self, request: WebhookRequest) -> bool:
        """Whether orders of this shop may have changed."""
        secret = self._settings.app_secret.get_secret_value()
        expected = webhook_signature(self._settings.app_key, secret, request.body)
        require_signature(request, "authorization", expected)
        shop_id = self._settings.shop_id or self._desk.fact("shop_id")
        return webhook_rings(request.body, kind="type", silent=_SILENT, shop_id=shop_id)


class TikTokConnector:
    """The connector ``tiktok``."""

    name = "tiktok"
    contract = CONTRACT_VERSION
    settings: type[BaseModel] = TikTokSettings
    #: Without these nothing is listed.
    publish_settings = ("products",)

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:
        """One shop; needs no network."""
        return TikTokChannel(account, TikTokSettings.own(settings), tokens)

    def consent_url(self, request: ConsentRequest) -> str:
        """TikTok's consent page. Where it sends the seller back to is set in the Partner Center."""
        settings = TikTokSettings.own(request.settings)
        if settings.service_id is None:
            raise ChannelMisconfiguredError(
                "set service_id: it stands on the app's authorisation page in the Partner Center"
            )
        query = urlencode({"service_id": settings.service_id, "state": request.state})
        return f"{settings.consent_url.rstrip('/')}/open/authorize?{query}"

    def token_for(self, request: ConsentRequest, answer: Mapping[str, str]) -> Token:
        """The token for the code that came back, with the shop it opens."""
        settings = TikTokSettings.own(request.settings)
        code = consent_code(request, answer, channel="TikTok", names=("code", "auth_code"))
        token = TokenOffice("connecting", settings).for_code(code)
        client = TikTokClient(
            "connecting", settings, TikTokAuthorizer("connecting", settings, OneToken(token))
        )
        return replace(token, facts=shop.facts(client.shops().data, settings.shop_id))
