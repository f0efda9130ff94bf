"""How is a listing changed or withdrawn, and an order answered? The manifest's calls about one thing each.

Whatever may have been done is never told as not done.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from syncworker.connector.abilities import ListingUpdate
from syncworker.connector.answers import Answer, Json
from syncworker.connector.contract import Money, RemoteListing
from syncworker.connector.declarative.caller import Caller
from syncworker.connector.declarative.content_tables import RejectedSpec, UpdateSpec
from syncworker.connector.declarative.fields import condition, finder
from syncworker.connector.declarative.keys import Keys
from syncworker.connector.declarative.listings import Listings
from syncworker.connector.declarative.manifest import Manifest, PriceSpec
from syncworker.connector.declarative.operations import OrderCall
from syncworker.connector.declarative.request import BoundRequest
from syncworker.connector.declarative.template import Facts
from syncworker.errors import (
    ChannelError,
    ListingRejectedError,
    MalformedAnswerError,
    OutcomeUnknownError,
    RequestRefusedError,
)


class Rejection:
    """An answer that took nothing although its status says well."""

    def __init__(self, spec: RejectedSpec, caller: Caller) -> None:
        values = caller.account.open_values
        self._says_so, self._words = condition(spec.when, values), finder(spec.message, values)
        self._redact = caller.wire.redact

    def refuse(self, body: Json, sku: str) -> None:
        """``ListingRejectedError`` with the channel's words, if it says so. An answer that cannot be read is unknown."""
        try:
            if not self._says_so(body):
                return
            words = self._words(body)
        except MalformedAnswerError as error:
            raise OutcomeUnknownError(f"{sku}: sent, but the answer cannot be read: {error}") from error
        said = words if isinstance(words, str) and words else "refused without a word"
        raise ListingRejectedError(self._redact(f"{sku}: {said}"[:500]), sku=sku)


class Updating:
    """Changes listings."""

    def __init__(
        self, specs: Sequence[UpdateSpec], manifest: Manifest, caller: Caller, keys: Keys, listings: Listings
    ) -> None:
        self._caller, self._keys, self._listings, self._price = caller, keys, listings, manifest.price
        self._calls = [(spec, BoundRequest(spec.request, caller.account)) for spec in specs]
        self._whens = [
            None if spec.when is None else condition(spec.when, caller.account.open_values) for spec in specs
        ]
        self._rejected = [
            None if spec.rejected is None else Rejection(spec.rejected, caller) for spec in specs
        ]
        self._rows = [
            None if spec.row is None else finder(spec.row, caller.account.open_values) for spec in specs
        ]

    def update(self, update: ListingUpdate) -> RemoteListing:
        """Change what the update names; refused before anything is sent if one of its fields cannot be changed."""
        asked = {
            name
            for name in ("title", "description", "price", "images", "active")
            if getattr(update, name) is not None
        }
        parts = self._keys.parts(update.listing_id)
        fitting = [] if parts is None else self._fitting(update, parts)
        lacking = asked - {field for number in fitting for field in self._calls[number][0].fields}
        if lacking or parts is None:
            what = ", ".join(sorted(lacking)) or "a listing with such an id"
            raise ListingRejectedError(
                f"{update.sku}: {what} cannot be changed at this channel", sku=update.sku
            )
        try:
            facts = self._caller.facts(**parts, update=_update(update, self._price))
        except ValueError as error:
            raise ListingRejectedError(f"{update.sku}: {error}", sku=update.sku) from error
        found: RemoteListing | None = None
        sent = 0
        for number in fitting:
            spec, request = self._calls[number]
            if asked & set(spec.fields):
                found = self._sent(request, facts, update, number, sent=sent) or found
                sent += 1
        return found or self._looked_up(update)

    def _fitting(self, update: ListingUpdate, parts: Facts) -> list[int]:
        """The calls that are for a listing of this kind."""
        facts: Json = {**parts, "update": {"listing_id": update.listing_id, "sku": update.sku}}
        return [number for number, holds in enumerate(self._whens) if holds is None or holds(facts)]

    def _sent(
        self, request: BoundRequest, facts: Facts, update: ListingUpdate, number: int, *, sent: int
    ) -> RemoteListing | None:
        try:
            answer = self._caller.send(request, facts, effect=True)
        except RequestRefusedError as error:
            raise ListingRejectedError(str(error), sku=update.sku) from error
        except ChannelError as error:
            if sent:
                raise OutcomeUnknownError(f"{update.sku}: changed in part, then {error}") from error
            raise
        rejected = self._rejected[number]
        if rejected is not None:
            rejected.refuse(answer.body, update.sku)
        return self._answered(answer, update, number)

    def _answered(self, answer: Answer, update: ListingUpdate, number: int) -> RemoteListing | None:
        row = self._rows[number]
        if row is None:
            return None
        try:
            return self._listings.map(row(answer.body))
        except MalformedAnswerError as error:
            raise OutcomeUnknownError(
                f"{update.sku}: changed, but the answer cannot be read: {error}"
            ) from error

    def _looked_up(self, update: ListingUpdate) -> RemoteListing:
        found = find_listing(self._listings, update.listing_id)
        if found is None:
            raise ListingRejectedError(
                f"{update.sku}: {update.listing_id} is not listed any more", sku=update.sku
            )
        return found


class OrderCalls:
    """Calls about orders: taking note of them, cancelling one."""

    def __init__(self, spec: OrderCall, caller: Caller) -> None:
        values = caller.account.open_values
        self._spec, self._caller = spec, caller
        self._request = BoundRequest(spec.request, caller.account)
        self._fetch = None if spec.fetch is None else BoundRequest(spec.fetch, caller.account)
        self._when = None if spec.when is None else condition(spec.when, values)
        enabled = None if spec.enabled is None else condition(spec.enabled, values)
        self._is_enabled = enabled is None or enabled(caller.facts())

    def send(self, ids: Sequence[str], *, reason: str = "") -> None:
        """For each order that needs it. "It was so already" is no error."""
        if not self._is_enabled:
            return
        orders = [order for order in map(self._order, ids) if self._is_wanted(order)]
        for start in range(0, len(orders), self._spec.max):
            batch = orders[start : start + self._spec.max]
            facts = self._caller.facts(
                order=batch[0], orders=list(batch), ids=[order["id"] for order in batch], reason=reason
            )
            self._caller.send(self._request, facts, effect=True)

    def _order(self, external_id: str) -> Facts:
        order: Facts = {"id": external_id}
        if self._fetch is not None:
            answer = self._caller.send(
                self._fetch, self._caller.facts(order=order, ids=[external_id]), effect=False
            )
            order["doc"] = answer.body
        return order

    def _is_wanted(self, order: Facts) -> bool:
        return self._when is None or self._when(self._caller.facts(order=order))


def find_listing(listings: Listings, listing_id: str) -> RemoteListing | None:
    """The listing with that id, looked for page by page."""
    cursor: str | None = None
    while True:
        page = listings.page(cursor)
        for one in page.listings:
            if one.listing_id == listing_id:
                return one
        if page.next_cursor is None:
            return None
        cursor = page.next_cursor


def price_facts(price: Money | None, spec: PriceSpec) -> Json:
    """A price as it is sent."""
    return None if price is None else {"amount": _amount(price.amount, spec), "currency": price.currency}


def _amount(amount: Decimal, spec: PriceSpec) -> Json:
    if spec.write == "string":
        return format(amount, "f")
    places = Decimal(1).scaleb(-spec.decimals)
    rounded = amount.quantize(places)
    if rounded != amount:
        raise ValueError(f"the price {amount} has more than {spec.decimals} places behind the point")
    if spec.write == "number":
        return int(amount) if amount == amount.to_integral_value() else rounded
    return int(rounded.scaleb(spec.decimals))


def _update(update: ListingUpdate, spec: PriceSpec) -> Json:
    return {
        "listing_id": update.listing_id,
        "sku": update.sku,
        "title": update.title,
        "description": update.description,
        "price": price_facts(update.price, spec),
        "images": None if update.images is None else list(update.images),
        "active": update.active,
    }
