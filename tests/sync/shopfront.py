"""A shop whose listings can be changed, one business on it, and the engine's steps by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from syncworker.connector import Capabilities, Money
from syncworker.connector.abilities import ListingUpdate
from syncworker.connector.contract import ListingDraft, RemoteListing
from syncworker.connector.fake import FakeChannel
from syncworker.core.model import BelowZero
from syncworker.core.pricing import PriceRule
from syncworker.ledger import ManualClock, contents, listings, products
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.ledger.listings import ListingRecord
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context
from syncworker.sync.pull import pull_orders
from syncworker.sync.push import push_channel
from syncworker.sync.read import read_back
from syncworker.sync.tick import tick
from syncworker.sync.updating import update_contents
from syncworker.sync.watching import watch_listings

BIN = Product(sku="BIN", title="Bin", price=Decimal(85000), currency="IDR")
BROOM = Product(sku="BROOM", title="Broom", price=Decimal(30000), currency="IDR")
FACTS = Capabilities(
    readable=True, read_lag_s=0, visibility_lag_s=0, horizon_s=10, below_zero=BelowZero.REFUSES, poll_s=10,
    batch_max=10, publishes=True,
)  # fmt: skip
JOBS: Mapping[JobKind, Callable[[Context, str], object]] = {
    JobKind.PULL: pull_orders,
    JobKind.PUSH: push_channel,
    JobKind.READ: read_back,
    JobKind.CONTENTS: update_contents,
    JobKind.LISTINGS: watch_listings,
}


class Shopfront(FakeChannel):
    """It takes new contents, or raises what it was told to."""

    def __init__(self, clock: ManualClock, capabilities: Capabilities = FACTS) -> None:
        super().__init__(now=lambda: clock.time, capabilities=capabilities, name="shop")
        self.updates: list[ListingUpdate] = []
        #: Raised at the next updates, in turn; ``None`` takes that one.
        self.troubles: list[Exception | None] = []
        self.hidden: set[str] = set()
        self.on_update: Callable[[], None] = lambda: None

    def update_listing(self, update: ListingUpdate) -> RemoteListing:
        self.updates.append(update)
        self.on_update()
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is not None:
            raise trouble
        if update.active is not None:
            (self.hidden.discard if update.active else self.hidden.add)(update.listing_id)
        listing = self.listings[update.listing_id]
        self.listings[update.listing_id] = replace(
            listing, title=update.title or listing.title, price=update.price or listing.price
        )
        return self.listings[update.listing_id]

    def buy(self, listing_id: str, units: int = 1, *, price: Money | None = None) -> str | None:
        return None if listing_id in self.hidden else super().buy(listing_id, units, price=price)

    def publish(self, draft: ListingDraft) -> RemoteListing:
        is_new = all(one.sku != draft.sku for one in self.listings.values())
        remote = super().publish(draft)
        listing = self.listings[remote.listing_id]
        if is_new:
            self.listings[remote.listing_id] = replace(listing, title=draft.title, price=draft.price)
        return replace(remote, title=draft.title, price=draft.price, created=is_new)

    def changes(self) -> list[dict[str, object]]:
        """What each update named."""
        fields = ("title", "description", "price", "images", "active")
        return [
            {name: getattr(one, name) for name in fields if getattr(one, name) is not None}
            for one in self.updates
        ]


class Business:
    """Two products, one shop, a clock that moves when told."""

    def __init__(
        self, ledger: Ledger, *, capabilities: Capabilities = FACTS, can_update: bool = True
    ) -> None:
        assert isinstance(ledger.clock, ManualClock)
        self.ledger, self.clock = ledger, ledger.clock
        self.shop = Shopfront(ledger.clock, capabilities)
        self.can_update = can_update
        self.context = Context(ledger=ledger, open_channel=lambda _: self.shop)
        with ledger.transaction() as tx:
            products.save_products(tx, [BIN, BROOM])
            counts = [Counted(sku=sku, location="main", units=9) for sku in ("BIN", "BROOM")]
            goods.count(tx, counts, reference="first", actor="test")
        self.register()

    def register(self, rule: PriceRule | None = None) -> None:
        with self.ledger.transaction() as tx:
            use.register(
                tx, "shop", connector="fake", capabilities=self.shop.capabilities(), price_rule=rule,
                updates_listings=self.can_update,
            )  # fmt: skip

    def go_live(self) -> None:
        self.ledger.run(lambda tx: use.go_live(tx, "shop", use.plan_go_live(tx, "shop")))

    def save(self, *changed: Product) -> None:
        def write(tx: Transaction) -> None:
            products.save_products(tx, changed)
            contents.mark_everywhere(tx, [one.sku for one in changed])

        self.ledger.run(write)

    def count(self, *skus: str, units: int = 9) -> None:
        """A stock-take of these."""
        counts = [Counted(sku=sku, location="main", units=units) for sku in skus]
        self.ledger.run(lambda tx: goods.count(tx, counts, reference="-".join(skus), actor="test"))

    def receive(self, sku: str, units: int) -> None:
        """Goods come in."""
        self.ledger.run(lambda tx: goods.receive(tx, sku, "main", units, reference=f"in-{sku}", actor="test"))

    def run(self, rounds: int = 1, *, kinds: Sequence[JobKind] = tuple(JobKind)) -> None:
        """Let time pass and do what the tick finds."""
        for _ in range(rounds):
            self.clock.advance(timedelta(seconds=11))
            for name, kind in tick(self.context):
                if kind in kinds:
                    JOBS[kind](self.context, name)

    def listing(self, sku: str) -> ListingRecord:
        with self.ledger.snapshot() as tx:
            return next(one for one in listings.all_listings(tx, channel="shop") if one.sku == sku)
