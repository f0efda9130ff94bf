"""How does the engine reach a Shopify shop? The contract's methods in terms of the client and the mappings.

Never decides a number, keeps no state, repeats no write.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import BaseModel

from syncworker.connector import (
    CONTRACT_VERSION,
    Capabilities,
    Channel,
    ChannelCheck,
    ChannelError,
    ChannelMisconfiguredError,
    ConsentRequest,
    Entry,
    Json,
    ListingDraft,
    ListingPage,
    ListingUpdate,
    MalformedAnswerError,
    OrderPage,
    OutcomeUnknownError,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
    RequestRefusedError,
    RetryLaterError,
    Token,
    TokenStore,
    WebhookRequest,
    unknown,
)
from syncworker_shopify import feeds, listings, operations, products, quantities, shop, tokens, webhooks
from syncworker_shopify.bulk import BulkListings
from syncworker_shopify.client import ShopifyClient
from syncworker_shopify.ids import PoolKey, gid
from syncworker_shopify.refusals import in_words, user_errors
from syncworker_shopify.settings import ShopifySettings

#: Inventory items of one read; each costs about 5 points.
READ_MAX = 100
_CANCEL_REASONS = frozenset(("CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"))


class ShopifyChannel:
    """One location of one shop."""

    def __init__(self, account: str, settings: ShopifySettings, store: TokenStore) -> None:
        self._settings = settings
        authorizer = tokens.ShopifyAuthorizer(account, settings, store)
        self._client = ShopifyClient(account, settings, authorizer)
        self._bulk = BulkListings(account, self._client, settings)

    def capabilities(self) -> Capabilities:
        """What is documented, and what the settings declare."""
        return self._settings.capabilities()

    def check(self) -> ChannelCheck:
        """Ask which shop the token opens and where its goods lie."""
        reply = self._client.call(operations.SHOP)
        return shop.check(reply.data, reply.served_version, self._settings)

    # ------------------------------------------------------------------ reading

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:  # noqa: ARG002  # one feed
        """One page of orders, oldest change first."""
        return feeds.order_page(self._client, self._settings, since=since, cursor=cursor)

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        """One page of variants."""
        if self._settings.bulk_listings:
            return self._bulk.start(self._location()) if cursor is None else self._bulk.proceed(cursor)
        location, first = self._location(), self._settings.listings_page
        asked = {"first": first, "after": cursor, "location": gid("Location", location), "query": None}
        data = self._client.call(operations.VARIANTS, asked, rows=first).data
        currency, found = data["shop"]["currencyCode"].currency(), data["productVariants"]
        following = feeds.next_cursor(found["pageInfo"])
        if following is not None and following == cursor:
            raise MalformedAnswerError("the page leads to itself", path="productVariants.pageInfo")
        rows = found["nodes"].items()
        return ListingPage(
            listings=tuple(listings.listing(row, location, currency) for row in rows), next_cursor=following
        )

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        """What each item would still sell from its location."""
        keys = sorted(
            (key for text in pool_keys if (key := PoolKey.read(text)) is not None),
            key=lambda key: key.location,
        )
        found: list[Reading] = []
        for location, group in itertools.groupby(keys, key=lambda key: key.location):
            ours = list(group)
            for start in range(0, len(ours), READ_MAX):
                found += self._read(ours[start : start + READ_MAX], location)
        return found

    def _read(self, keys: Sequence[PoolKey], location: str) -> Sequence[Reading]:
        ids: list[Json] = [key.item_gid for key in keys]
        asked: dict[str, Json] = {"ids": ids, "location": gid("Location", location)}
        data = self._client.call(operations.NUMBERS, asked, rows=len(keys)).data
        return listings.readings(data["nodes"], keys)

    # ------------------------------------------------------------------ writing

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        """One request, in it a compare-and-set for each push. One that met another number is told which.

        "Expected 0" means that nothing is for sale; where the number stood below zero, which is the same, such a push was
        refused before any effect and goes once more, expecting that number.
        """
        sent, told = quantities.entries(pushes)
        if not sent:
            return told
        answered, stale = self._sent(sent)
        numbers = self._standing(stale)
        below = [
            quantities.expecting(entry, number)
            for entry in stale
            if entry.push.expected == 0 and (number := numbers.get(entry.push.push_id, 0)) < 0
        ]
        again = self._sent_again(below) if below else {}
        found = [replace(one, current=numbers.get(one.push_id)) for one in answered]
        return [*told, *(again.get(one.push_id, one) for one in found)]

    def _sent(self, sent: Sequence[Entry[PoolKey]]) -> tuple[list[PushResult], list[Entry[PoolKey]]]:
        version, count = self._settings.api_version, len(sent)
        reply = self._client.call(
            operations.set_numbers(count, version),
            quantities.variables(sent, version),
            rows=count,
            effect=True,
        )
        answered, stale = quantities.results(reply.data, sent, reply.errors)
        clean = [replace(one, message=self._client.redact(one.message)) for one in answered]
        return clean, stale

    def _sent_again(self, sent: Sequence[Entry[PoolKey]]) -> dict[str, PushResult]:
        """Whatever becomes of these, the answers to the others stand."""
        try:
            answered, _ = self._sent(sent)
        except (RetryLaterError, ChannelMisconfiguredError, RequestRefusedError):
            return {}
        except ChannelError as error:
            return {entry.push.push_id: unknown(entry.push, str(error)) for entry in sent}
        return {one.push_id: one for one in answered}

    def _standing(self, stale: Sequence[Entry[PoolKey]]) -> dict[str, int]:
        """The numbers that stood in the way, by push. One that cannot be read is not told; nor is any where reads are known
        to lag. The refusals stay what they are.
        """
        if not stale or self._settings.read_lag_s:
            return {}
        try:
            read = self.read_quantities([str(entry.key) for entry in stale])
        except ChannelError:
            return {}
        numbers = {one.pool_key: one.quantity for one in read}
        found = {entry.push.push_id: numbers.get(str(entry.key)) for entry in stale}
        expected = {entry.push.push_id: entry.push.expected for entry in stale}
        # A read that still shows what was expected is older than the refusal.
        return {key: told for key, told in found.items() if told is not None and told != expected[key]}

    def publish(self, draft: ListingDraft) -> RemoteListing:
        """The listing that has this SKU, or a new product with nothing to sell."""
        return products.publish(self._client, draft, self._location())

    def update_listing(self, update: ListingUpdate) -> RemoteListing:
        """Change price, or what belongs to a product with one variant."""
        return products.update(self._client, update, self._location())

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        """Cancel a whole order. Its units are not put on sale by Shopify: the count decides where they go."""
        order = gid("Order", external_id)
        state = self._client.call(operations.ORDER_STATE, {"id": order}).data.get("order")
        if state is None:
            raise RequestRefusedError(f"Shopify does not show the order {external_id}", status=200)
        if state.get("cancelledAt") is not None:
            return
        word = reason.strip().upper()
        reply = self._client.call(
            operations.CANCEL,
            {
                "id": order,
                "reason": word if word in _CANCEL_REASONS else "INVENTORY",
                "refund": {"originalPaymentMethodsRefund": self._settings.cancel_refunds},
                "notify": self._settings.cancel_notifies,
                "restock": False,
                "note": reason[:255],
            },
            effect=True,
        )
        payload = reply.data.get("orderCancel")
        if payload is None:
            raise OutcomeUnknownError(f"order {external_id}: {reply.errors or 'no answer'}")
        problems = user_errors(payload, "orderCancelUserErrors")
        if problems:
            words = self._client.redact(in_words(problems))
            raise RequestRefusedError(f"order {external_id}: {words}", status=200, code=problems[0][0])

    # ------------------------------------------------------------------ being called

    def hint(self, request: WebhookRequest) -> bool:
        """Whether orders of this shop may have changed."""
        known = (self._settings.client_secret, self._settings.client_secret_before)
        webhooks.check(request.headers, request.body, [one for one in known if one is not None])
        return webhooks.rings(request.headers, self._settings.domain)

    def _location(self) -> str:
        if self._settings.location_id is not None:
            return self._settings.location_id
        return shop.only(shop.locations(self._client.call(operations.LOCATIONS).data))


class ShopifyConnector:
    """The connector ``shopify``."""

    name = "shopify"
    contract = CONTRACT_VERSION
    settings: type[BaseModel] = ShopifySettings

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:
        """One shop; needs no network."""
        return ShopifyChannel(account, ShopifySettings.own(settings), tokens)

    def consent_url(self, request: ConsentRequest) -> str:
        """Shopify's page for the shop's owner."""
        return tokens.consent_url(request, ShopifySettings.own(request.settings))

    def token_for(self, request: ConsentRequest, answer: Mapping[str, str]) -> Token:
        """The token for the code that came back."""
        return tokens.token_for(request, answer, ShopifySettings.own(request.settings))
