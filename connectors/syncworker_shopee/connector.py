"""How does the engine reach a Shopee shop? The contract's methods in terms of the client and the mappings.

Never decides a number, keeps no state, repeats no write but one that was refused as a whole before any effect.
"""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import BaseModel

from syncworker.connector import (
    CONTRACT_VERSION,
    Capabilities,
    Channel,
    ChannelCheck,
    ChannelMisconfiguredError,
    ConsentRequest,
    ListingDraft,
    ListingPage,
    ListingRejectedError,
    ListingUpdate,
    OrderPage,
    OrderStatus,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
    RequestRefusedError,
    RetryLaterError,
    Token,
    TokenStore,
    WebhookRefusedError,
    WebhookRequest,
)
from syncworker_shopee import catalogue, feeds, orders, quantities, shop, webhooks
from syncworker_shopee.client import ShopeeClient
from syncworker_shopee.listings import PoolKey
from syncworker_shopee.quantities import OF_AN_ITEM, Parcel
from syncworker_shopee.refusals import Refusal
from syncworker_shopee.settings import ShopeeSettings
from syncworker_shopee.signing import push_signature
from syncworker_shopee.tokens import ShopeeAuthorizer, TokenDesk, shop_of


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
        """One request an item, which is the least that Shopee takes. Each request's outcome is its own.

        At the first that fails the rest is not sent; an error is raised only if no request before it was answered.
        """
        waiting, told = quantities.parcels(pushes)
        queue, answered = deque(waiting), False
        while queue:
            parcel = queue.popleft()
            try:
                told += self._sent(parcel, queue)
            except (RetryLaterError, ChannelMisconfiguredError) as error:
                if not answered:
                    raise
                queue.appendleft(parcel)
                return [*told, *_unsent(queue, str(error))]
            except Exception as error:
                if not answered and not queue:
                    raise
                words = str(error) or type(error).__name__
                told += [quantities.unknown(entry.push, words) for entry in parcel.entries]
                return [*told, *_unsent(queue, "an earlier request of the run failed")]
            answered = True
        return told

    def _sent(self, parcel: Parcel, queue: deque[Parcel]) -> list[PushResult]:
        try:
            envelope = self._client.set_quantities(parcel.item_id, parcel.body()).envelope
        except RequestRefusedError as error:
            meaning = Refusal(error.code, str(error), str(error)).meaning
            singles = parcel.by_model()
            if meaning in OF_AN_ITEM and len(singles) > 1:
                # Refused as a whole because of one of them, before any effect: each goes by itself.
                queue.extendleft(reversed(singles))
                return []
            told = [quantities.turned_down(entry, meaning, str(error)) for entry in parcel.entries]
        else:
            told = quantities.results(envelope, parcel)
        held = [one.entry.key for one in told if one.is_held]
        least = catalogue.least(self._client, held) if held else {}
        found = [quantities.with_least(one, least.get(one.entry.key)) for one in told]
        return [replace(result, message=self._client.redact(result.message)) for result in found]

    def publish(self, draft: ListingDraft) -> RemoteListing:
        """The listing that has this SKU. An item is not created: it needs a category, its attributes, pictures, weight."""
        found = catalogue.with_sku(self._client, self._settings.location_id, draft.sku)
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(one.listing_id for one in found)
            raise ListingRejectedError(
                f"{draft.sku}: Shopee lists it several times ({ids}): link the right one by hand",
                sku=draft.sku,
            )
        raise ListingRejectedError(
            f"{draft.sku}: no item at Shopee has this SKU. Create it in the Seller Centre, where it gets its category, "
            "attributes, pictures and weight, with stock 0 and this SKU; then publish again",
            sku=draft.sku,
        )

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
        expected = push_signature(key, request.url, request.body).encode()
        if not hmac.compare_digest(expected, request.headers.get("authorization", "").strip().encode()):
            raise WebhookRefusedError("the signature is not this app's")
        return webhooks.rings(request.body, self._authorizer.known_shop_id())


class ShopeeConnector:
    """The connector ``shopee``."""

    name = "shopee"
    contract = CONTRACT_VERSION
    settings: type[BaseModel] = ShopeeSettings

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:
        """One shop; needs no network."""
        return ShopeeChannel(account, _ours(settings), tokens)

    def consent_url(self, request: ConsentRequest) -> str:
        """Shopee's consent page, good for five minutes. The state travels in the address that the seller comes back to."""
        parts = urlsplit(request.redirect_url)
        query = "&".join(part for part in (parts.query, urlencode({"state": request.state})) if part)
        back = urlunsplit(parts._replace(query=query))
        return TokenDesk("connecting", _ours(request.settings)).consent_url(back)

    def token_for(self, request: ConsentRequest, answer: Mapping[str, str]) -> Token:
        """The token for the code that came back, of the shop that came with it."""
        settings = _ours(request.settings)
        code = answer.get("code")
        if not code:
            raise ChannelMisconfiguredError(
                "Shopee sent no code: allow the app on its page, then give the whole address"
            )
        if answer.get("state", request.state) != request.state:
            raise ChannelMisconfiguredError("the code belongs to another attempt to connect: begin again")
        return TokenDesk("connecting", settings).for_code(code, shop_of(answer, settings))


def _unsent(queue: Sequence[Parcel], why: str) -> list[PushResult]:
    return [
        quantities.refused(entry.push, f"not sent: {why}") for parcel in queue for entry in parcel.entries
    ]


def _ours(settings: BaseModel) -> ShopeeSettings:
    if not isinstance(settings, ShopeeSettings):
        raise TypeError(f"expected ShopeeSettings, not {type(settings).__name__}")
    return settings
