"""Which goods does the shop show? Listing, creating and changing listings; a create carries a quantity."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from syncworker.sandbox.pools import Listing, ListingSeed, ListingState, bounded
from syncworker.sandbox.pushes import LARGEST, PushDesk
from syncworker.sandbox.refusal import RefusedError

_PRICE = re.compile(r"\d{1,12}(\.\d{1,4})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingView:
    """A listing with the numbers of its pool as the shop tells them (None: not readable)."""

    listing: Listing
    currency: str
    quantity: int | None
    reserved: int | None

    def as_json(self) -> dict[str, object]:
        """The listing as the wire shows it."""
        shown = self.listing
        return {
            "listing_id": shown.listing_id,
            "pool_id": shown.pool_id,
            "sku": shown.sku,
            "title": shown.title,
            "price": {"amount": shown.price, "currency": self.currency},
            "state": shown.state,
            "quantity": self.quantity,
            "reserved": self.reserved,
        }


@dataclass(frozen=True, slots=True)
class ListingPage:
    """One page of listings in the order they were created."""

    listings: tuple[ListingView, ...]
    next_cursor: str | None

    def as_json(self) -> dict[str, object]:
        """The answer's JSON object."""
        return {"listings": [view.as_json() for view in self.listings], "next_cursor": self.next_cursor}


class ListingDesk(PushDesk):
    """Listings and their contents."""

    def open_with(self, seeds: Iterable[ListingSeed], *, now: datetime) -> None:
        """Stock the shop before it opens. Logged as `publish` with `seed: true`; never a seller's act."""
        now = self._begin(now)
        for seed in seeds:
            listing = self._new_listing(
                seed.sku, seed.title or seed.sku, seed.price, seed.pool_id, seed.listing_id
            )
            pool = self.pools.get(listing.pool_id)
            self._log_publish(listing, pool.quantity if pool else seed.quantity, None, now, seed=True)

    def list_listings(
        self, *, now: datetime, cursor: str | None = None, limit: int | None = None
    ) -> ListingPage:
        """A page of listings; the cursor is the position behind the last row and stays valid."""
        now = self._begin(now)
        start = _position(cursor)
        size = min(limit or self.profile.page_size, self.profile.page_size)
        everything = list(self.listings.values())
        chosen = everything[start : start + size]
        end = start + len(chosen)
        following = str(end) if end < len(everything) else None
        return ListingPage(tuple(self._view(listing, now) for listing in chosen), following)

    def create_listing(
        self,
        *,
        sku: str,
        title: str,
        price: str,
        quantity: int,
        now: datetime,
        pool_id: str | None = None,
        key: str | None = None,
    ) -> ListingView:
        """Show a new SKU with a quantity: a push like any other. `pool_id` joins an existing pool and sets it.

        `RefusedError`: 409 `already_listed` with the `listing_id`, 422 for a bad price, quantity or pool.
        """
        now = self._begin(now)
        request = ("create", sku, title, price, quantity, pool_id)
        known = self._recall(key, request, now)
        if isinstance(known, ListingView):
            return known
        self._check_new(sku, price, quantity, pool_id)
        decision = bounded(self.profile, quantity)
        if decision.quantity is None:
            raise RefusedError(422, decision.code or "below_floor", decision.message or "below the floor")
        listing = self._new_listing(sku, title, price, pool_id, None)
        self._log_publish(listing, decision.quantity, key, now, seed=False)
        pool = self.pools[listing.pool_id]
        view = ListingView(
            listing=listing,
            currency=self.profile.currency,
            quantity=pool.quantity,
            reserved=pool.reserved,
        )
        self._keep_answer(key, request, view, now)
        return view

    def patch_listing(
        self,
        listing_id: str,
        *,
        now: datetime,
        title: str | None = None,
        price: str | None = None,
        state: ListingState | None = None,
    ) -> ListingView:
        """Change contents; None leaves a field as it is. Hidden listings sell nothing, their pool keeps its number."""
        now = self._begin(now)
        listing = self._listing_of(listing_id, None)
        if price is not None:
            _check_price(price)
        listing = replace(
            listing,
            title=listing.title if title is None else title,
            price=listing.price if price is None else price,
            state=listing.state if state is None else state,
        )
        self.listings[listing_id] = listing
        fields: dict[str, object] = {"listing_id": listing_id, "sku": listing.sku, "state": listing.state}
        self.log.append("publish", now, fields | {"patched": True})
        return self._view(listing, now)

    def _view(self, listing: Listing, now: datetime) -> ListingView:
        quantity: int | None = None
        reserved: int | None = None
        if self.profile.readable:
            quantity, reserved = self._numbers_told(self.pools[listing.pool_id], now)
        return ListingView(
            listing=listing, currency=self.profile.currency, quantity=quantity, reserved=reserved
        )

    def _check_new(self, sku: str, price: str, quantity: int, pool_id: str | None) -> None:
        if not sku.strip() or sku != sku.strip():
            raise RefusedError(422, "invalid_sku", "a SKU is not empty and has no blanks around it")
        if sku in self._by_sku:
            listing_id = self._by_sku[sku]
            sentence = f"{sku} is listed already as {listing_id}"
            raise RefusedError(409, "already_listed", sentence, listing_id=listing_id)
        if pool_id is not None and pool_id not in self.pools:
            raise RefusedError(422, "unknown_pool", f"there is no pool {pool_id!r}")
        if not 0 <= quantity <= LARGEST:
            raise RefusedError(422, "invalid_quantity", f"{quantity} is no quantity")
        _check_price(price)

    def _new_listing(
        self, sku: str, title: str, price: str, pool_id: str | None, listing_id: str | None
    ) -> Listing:
        number = len(self.listings) + 1
        listing_id = listing_id or f"{self.profile.name}-L{number}"
        listing = Listing(
            listing_id=listing_id,
            pool_id=pool_id or f"{self.profile.name}-P{number}",
            sku=sku,
            title=title,
            price=price,
        )
        self.listings[listing_id] = listing
        self._by_sku.setdefault(sku, listing_id)
        return listing

    def _log_publish(
        self, listing: Listing, quantity: int, key: str | None, now: datetime, *, seed: bool
    ) -> None:
        pool = self.pools.get(listing.pool_id) or self._open_pool(listing.pool_id, 0, now)
        fields: dict[str, object] = {
            "listing_id": listing.listing_id,
            "sku": listing.sku,
            "asked": quantity,
            "key": key,
            "seed": seed,
        }
        self._change(pool, "publish", now, quantity=quantity - pool.quantity, fields=fields)


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 9:
        raise RefusedError(400, "bad_cursor", "this cursor was not given by this shop")
    return int(cursor)


def _check_price(price: str) -> None:
    if not _PRICE.fullmatch(price):
        raise RefusedError(422, "invalid_price", f"{price!r} is no price: digits, and up to 4 after a point")
