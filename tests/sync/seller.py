"""A live shop whose staff change numbers, and the words of a test about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from syncworker.connector.contract import OrderPage, Outcome, PushResult, QuantityPush
from syncworker.core.drift import DriftRules
from syncworker.core.exposure import counted
from syncworker.core.model import QuantityMode
from syncworker.ledger import incidents, pools, stock
from syncworker.ledger.incidents import Incident, IncidentKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.pools import PoolRecord
from syncworker.sync import channels as use
from syncworker.sync.publishing import publish
from syncworker.sync.read import read_back
from syncworker.sync.resolving import resolve
from syncworker.sync.resync import ResyncReport, resync
from tests.sync.shopfront import FACTS, Business, Shopfront


class Shop(Shopfront):
    """Its staff change numbers, it tells of orders when it likes, and it may forget what it was sent."""

    mute = False
    forgets = False

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        page = super().list_orders(feed, since=since, cursor=cursor)
        return replace(page, orders=(), next_cursor=None) if self.mute else page

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        if not self.forgets:
            return super().push_quantities(pushes)
        return [PushResult(push_id=push.push_id, outcome=Outcome.APPLIED) for push in pushes]

    def edit(self, quantity: int) -> None:
        self.pools["BIN"].quantity = quantity


class Seller(Business):
    """A live shop that shows nine of each."""

    shop: Shop

    def __init__(self, ledger: Ledger, rules: DriftRules, mode: QuantityMode = QuantityMode.SET) -> None:
        facts = replace(FACTS, mode=mode, clock_skew_s=1)
        super().__init__(ledger, capabilities=facts)
        self.shop = Shop(self.clock, facts)
        with ledger.transaction() as tx:
            use.register(tx, "shop", connector="fake", capabilities=facts, drift=rules)
        publish(self.context, "shop")
        self.go_live()
        self.run(6)
        assert self.number == 9

    @property
    def number(self) -> int:
        return self.shop.pools["BIN"].quantity

    @property
    def pool(self) -> PoolRecord:
        with self.ledger.snapshot() as tx:
            return pools.by_key(tx, "shop", ["BIN"])["BIN"]

    @property
    def told(self) -> list[Incident]:
        with self.ledger.snapshot() as tx:
            return incidents.open_incidents(tx)

    @property
    def drifts(self) -> list[Incident]:
        return [one for one in self.told if one.kind is IncidentKind.DRIFT]

    def look(self) -> dict[str, int]:
        """Read the bins back; how many differed, by class."""
        report = read_back(self.context, "shop", pool_ids=[self.pool.id])
        assert report is not None
        return dict(report.classes)

    def resync(self, *, dry_run: bool = False) -> ResyncReport:
        return resync(self.context, ["shop"], dry_run=dry_run)

    def approve(self, one: Incident) -> None:
        self.ledger.run(lambda tx: resolve(tx, self.context, one.id, reason="seen", actor="sari"))

    def holds_the_rule(self) -> bool:
        with self.ledger.snapshot() as tx:
            available = stock.levels(tx, ["BIN"])["BIN", "main"].available
        return counted(self.pool.bound.exposure or 0) <= available
