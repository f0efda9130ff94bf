"""What shall a listing say, and does the channel have it so? Title, description, price, pictures, shown or hidden.

Sends only what differs from what was accepted last, one listing a call, and never a quantity. What a seller wrote by hand
stays: a listing that is not managed is only shown or hidden, and only when an operator says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from syncworker.connector.abilities import ListingUpdate
from syncworker.connector.contract import ListingDraft, Money
from syncworker.errors import InputError
from syncworker.ledger import prices, products
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.listings import ListingRecord, ListingState
from syncworker.ledger.products import Product
from syncworker.sync.prices import price_at

#: Contents by field, as they are stored: text, lists of text, amounts as text.
Contents = Mapping[str, Any]  # Any: each field has a type of its own


class ContentsState(StrEnum):
    """How a listing's contents stand."""

    #: The channel's listings cannot be changed by us.
    FIXED = "fixed"
    NOT_MANAGED = "not_managed"
    IN_STEP = "in_step"
    TO_BE_SENT = "to_be_sent"
    REFUSED = "refused"
    HIDDEN = "hidden"


def contents_state(record: ListingRecord, able: Iterable[str]) -> ContentsState | None:
    """``None`` for a listing that is none of ours. ``able``: channels whose listings can be changed."""
    if record.state is not ListingState.LINKED:
        return None
    if record.channel not in able:
        return ContentsState.FIXED
    if record.refused is not None:
        return ContentsState.REFUSED
    if record.is_to_be_sent:
        return ContentsState.TO_BE_SENT
    if record.wanted_active is False:
        return ContentsState.HIDDEN
    return ContentsState.IN_STEP if record.managed else ContentsState.NOT_MANAGED


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentsPlan:
    """One listing: what it shall say, and what of that is to be sent."""

    record: ListingRecord
    wanted: Contents
    difference: Contents
    #: Why nothing can be sent as things stand, in a sentence of ours; ``None`` if nothing hinders.
    problem: str | None = None

    @property
    def is_refused_already(self) -> bool:
        """The channel was told exactly this, and would not have it."""
        return self.record.refused is not None and self.record.refused == self.wanted

    @property
    def update(self) -> ListingUpdate:
        """The call to make."""
        price, images = self.difference.get("price"), self.difference.get("images")
        return ListingUpdate(
            listing_id=self.record.external_id,
            sku=str(self.record.sku),
            title=self.difference.get("title"),
            description=self.difference.get("description"),
            price=None if price is None else Money(Decimal(price["amount"]), price["currency"]),
            images=None if images is None else tuple(images),
            active=self.difference.get("active"),
        )

    @property
    def sent(self) -> Contents:
        """What the channel has once it accepted the difference."""
        return {**(self.record.sent or {}), **self.difference}


def plan_contents(
    tx: Snapshot, channel: ChannelRecord, records: Sequence[ListingRecord]
) -> list[ContentsPlan]:
    """What these linked listings shall say, in their order."""
    skus = {str(record.sku) for record in records}
    known = {one.sku: one for one in products.list_products(tx, skus)}
    fixed = prices.fixed(tx, channel=channel.name, skus=skus)
    plans = []
    for record in records:
        one = known[str(record.sku)]
        told_in = [record.currency] if record.currency else []
        try:
            price = price_at(channel, one, fixed.get((channel.name, one.sku)), told_in=told_in).money
        except InputError as error:
            price, problem = None, str(error) if record.managed else None
        else:
            problem = None
        wanted = wanted_contents(record, one, price, fields=channel.listing_fields)
        difference = {name: value for name, value in wanted.items() if (record.sent or {}).get(name) != value}
        plans.append(ContentsPlan(record=record, wanted=wanted, difference=difference, problem=problem))
    return plans


def wanted_contents(
    record: ListingRecord, one: Product, price: Money | None, *, fields: Collection[str]
) -> Contents:
    """What the listing shall say in the ``fields`` that the channel takes; of what we do not know nothing is said."""
    wanted: dict[str, object] = written(one, price) if record.managed else {}
    if record.wanted_active is not None:
        wanted["active"] = record.wanted_active
    return {name: value for name, value in wanted.items() if name in fields}


def written(one: Product, price: Money | None) -> dict[str, object]:
    """A product's own contents, as they are stored."""
    told: dict[str, object] = {"title": one.title}
    if one.description is not None:
        told["description"] = one.description
    if one.images:
        told["images"] = list(one.images)
    if price is not None:
        told["price"] = {"amount": format(price.amount.normalize(), "f"), "currency": price.currency}
    return told


def found_contents(record: ListingRecord) -> Contents | None:
    """What the channel told of the listing when it was last seen: no need to send the same."""
    told: dict[str, object] = {}
    if record.title:
        told["title"] = record.title
    if record.price is not None and record.currency is not None:
        told["price"] = {"amount": format(record.price.normalize(), "f"), "currency": record.currency}
    return told or None


def draft_of(one: Product, price: Money | None, name: str) -> ListingDraft:
    """A product as it is first listed at the channel ``name``."""
    return ListingDraft(
        sku=one.sku,
        title=one.title,
        price=price,
        idempotency_key=f"publish-{name}-{one.sku}",
        description=one.description,
        images=one.images,
    )
