"""How does the engine reach a Shopee shop? The contract's methods in terms of the client and the mappings.

Never decides a number, keeps no state, repeats no write but one that was refused as a whole before any effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import BaseModel

from syncworker.connector import (
    CONTRACT_VERSION,
    Capabilities,
    Channel,
    ChannelCheck,
    ConsentRequest,
    ListingDraft,
    ListingPage,
    ListingRejectedError,
    ListingUpdate,
    OrderPage,
    OrderStatus,
    Parcel,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
    RequestRefusedError,
    Token,
    TokenStore,
    WebhookRequest,
    consent_code,
    require_signature,
    send_parcels,
    webhook_rings,
)
from syncworker_shopee import catalogue, feeds, orders, quantities, shop
from syncworker_shopee.client import ShopeeClient
from syncworker_shopee.items import ItemMaker
from syncworker_shopee.listings import PoolKey
from syncworker_shopee.quantities import OF_AN_ITEM
from syncworker_shopee.refusals import Refusal
from syncworker_shopee.settings import ShopeeSettings
from syncworker_shopee.signing import push_signature
from syncworker_shopee.tokens import ShopeeAuthorizer, TokenOffice, shop_of

#: Webhooks that say nothing of orders: authorization, news, items, promotions and what they hold, an expiring consent,
#: documents.
_SILENT = frozenset((1, 2, 5, 6, 7, 8, 9, 12, 15))


class ShopeeChannel:
    """One shop at Shopee."""

    def __init__(self, account: str, settings: ShopeeSettings, tokens: TokenStore) -> None:
        self._settings = settings
        self._authorizer = ShopeeAuthorizer(account, settings, tokens)
        self._client = ShopeeClient(account, settings, self._authorizer)

    def capabilities(self) -> Capabilities:
        """What is documented, and what the settings declare."""
        return self._settings.capabilities()

    def check(self) -> ChannelCheck:
        """Ask which shop the token opens."""
        return shop.check(self._client.shop().envelope, self._authorizer.shop_id())

    # ------------------------------------------------------------------ reading

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        """One slice of a feed, oldest change first."""
        return feeds.order_page(self._client, self._settings, feed, since=since, cursor=cursor)

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        """One page of items, each model a listing."""
        return catalogue.listing_page(self._client, self._settings.location_id, cursor)

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        """What each model would still sell. Items without models share a request, each other item has its own."""
        return catalogue.readings(self._client, pool_keys)

    # ------------------------------------------------------------------ writing

    def goes_with(self, pool_key: str) -> str:
        """The item: a request takes models of one."""
        key = PoolKey.read(pool_key)
        return "" if key is None else key.item_id

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        """One request an item, which is the least that Shopee takes. Each request's outcome is its own."""
        parcels, told = quantities.parcels(pushes)
        return [*told, *send_parcels(parcels, self._sent, redact=self._client.redact)]

    def _sent(self, parcel: Parcel[PoolKey]) -> Sequence[PushResult] | None:
        try:
            envelope = self._client.set_quantities(parcel.of, quantities.body(parcel)).envelope
        except RequestRefusedError as error:
            meaning = Refusal(error.code, str(error), str(error)).meaning
            if meaning in OF_AN_ITEM and len(parcel.rows) > 1:
                return None
            told = [quantities.turned_down(entry, meaning, str(error)) for entry in parcel.entries]
        else:
            told = quantities.results(envelope, parcel)
        held = [one.entry.key for one in told if one.is_held]
        least = catalogue.least(self._client, held) if held else {}
        return [quantities.with_least(one, least.get(one.entry.key)) for one in told]

    def publish(self, draft: ListingDraft) -> RemoteListing:
        """The listing that has this SKU, or a new item with stock 0."""
        found = catalogue.with_sku(self._client, self._settings.location_id, draft.sku)
        if len(found) > 1:
            ids = ", ".join(one.listing_id for one in found)
            raise ListingRejectedError(
                f"{draft.sku}: Shopee lists it several times ({ids}): link the right one by hand",
                sku=draft.sku,
            )
        return found[0] if found else ItemMaker(self._client, self._settings).make(draft)

    def update_listing(self, update: ListingUpdate) -> RemoteListing:
        """Change the price of a model, and show or hide an item that has no models; the rest is edited at Shopee."""
        return catalogue.update(self._client, self._settings.location_id, update)

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        """Cancel a whole order as its seller, or agree that its buyer does; one that is cancelled already stays so."""
        for one in self._client.orders([external_id]).data["order_list"].items():
            if orders.number_of(one) != external_id:
                continue
            raw, status = orders.status_of(one)
            if raw == orders.ASKED:
                self._client.let_cancel(external_id)
            elif status is not OrderStatus.CANCELLED:
                said = reason if reason in orders.REASONS else self._settings.cancel_reason
                self._client.cancel(external_id, said, orders.cancelled_items(one))
            return
        raise RequestRefusedError(f"Shopee does not show the order {external_id}", status=200)

    # ------------------------------------------------------------------ being called

    def hint(self, request: WebhookRequest) -> bool:
        """Whether orders of this shop may have changed. The address has to be the one that Shopee was given."""
        key = self._settings.partner_key.get_secret_value()
        require_signature(request, "authorization", push_signature(key, request.url, request.body))
        shop_id = self._authorizer.known_shop_id()
        return webhook_rings(request.body, kind="code", silent=_SILENT, shop_id=shop_id)


class ShopeeConnector:
    """The connector ``shopee``."""

    name = "shopee"
    contract = CONTRACT_VERSION
    settings: type[BaseModel] = ShopeeSettings
    #: Without these nothing is listed.
    publish_settings = ("items",)

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:
        """One shop; needs no network."""
        return ShopeeChannel(account, ShopeeSettings.own(settings), tokens)

    def consent_url(self, request: ConsentRequest) -> str:
        """Shopee's consent page, good for five minutes. The state travels in the address that the seller comes back to."""
        parts = urlsplit(request.redirect_url)
        query = "&".join(part for part in (parts.query, urlencode({"state": request.state})) if part)
        back = urlunsplit(parts._replace(query=query))
        return TokenOffice("connecting", ShopeeSettings.own(request.settings)).consent_url(back)

    def token_for(self, request: ConsentRequest, answer: Mapping[str, str]) -> Token:
        """The token for the code that came back, of the shop that came with it."""
        settings = ShopeeSettings.own(request.settings)
        code = consent_code(request, answer, channel="Shopee")
        return TokenOffice("connecting", settings).for_code(code, shop_of(answer, settings))
