"""What is old and over goes; the books still prove, and the engine goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from syncworker.ledger import ManualClock, heartbeats, incidents, open_ledger, pools, runs
from syncworker.ledger.books import check_books
from syncworker.ledger.heartbeats import Sign
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.ledger.pruning import Keep, prune
from syncworker.ledger.schema import metadata
from syncworker.ledger.stocktaking import Counted
from syncworker.ledger.upgrade import upgrade
from syncworker.sync import goods, publishing
from syncworker.sync.doctor import examine
from syncworker.sync.read import read_back
from tests.sync.shopfront import Business

KEEP = Keep(**{name: timedelta(days=90) for name in ("runs", "incidents", "audit", "traffic")})
#: From the virtual clock's beginning past the real time by which ids are made.
LONG = timedelta(days=3650)
BOOKS = ("movement", "order", "order_line", "premium", "stock", "pool", "listing")


@pytest.fixture
def business(memory_ledger: Ledger) -> Business:
    """A shop whose number was changed more often than pushes are kept, long ago."""
    return long_ago(memory_ledger)


@pytest.fixture(autouse=True)
def few_pushes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncworker.ledger.pruning.LATEST_PUSHES", 5)


@pytest.fixture
def memory_ledger() -> Iterator[Ledger]:
    ledger = open_ledger("sqlite://", ManualClock())
    upgrade(ledger.engine)
    yield ledger
    ledger.close()


def long_ago(ledger: Ledger) -> Business:
    business = Business(ledger)
    publishing.publish(business.context, "shop")
    business.go_live()
    business.run(4)
    for units in (8, 2) * 4:
        change(business, units)
        business.run(2, kinds=(JobKind.PULL, JobKind.PUSH))
        read_back(business.context, "shop", pool_ids=[number(business)])
    business.shop.buy("BIN", 1)
    business.run(3)
    business.ledger.run(remember)
    return business


def change(business: Business, units: int) -> None:
    """A stock-take of the bins."""
    counted = [Counted(sku="BIN", location="main", units=units)]
    reference = business.clock.time.isoformat()
    business.ledger.run(lambda tx: goods.count(tx, counted, reference=reference, actor="test"))


def number(business: Business) -> str:
    with business.ledger.snapshot() as tx:
        return pools.by_key(tx, "shop", ["BIN"])["BIN"].id


def remember(tx: Transaction) -> None:
    for name in ("first", "second"):
        runs.record(tx, name, kind="import", actor="sari", details={})
        runs.add_items(tx, name, [runs.RunItem(subject="BIN", state="new", details={})])
    incidents.open_incident(tx, IncidentKind.PARKED, "pool/a", {})
    incidents.open_incident(tx, IncidentKind.PARKED, "pool/b", {})
    incidents.close_incident(tx, IncidentKind.PARKED, "pool/a")
    heartbeats.give(tx, Sign.WORKER, name="worker-1@den", host="den")


def rows(business: Business) -> dict[str, int]:
    with business.ledger.snapshot() as tx:
        return {
            name: tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


@pytest.mark.parametrize("database", ["memory", "postgresql"])
def test_what_is_over_goes_and_the_books_stay(
    database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = request.getfixturevalue("memory_ledger" if database == "memory" else "postgres_ledger")
    ledger.clock = ManualClock()
    business = long_ago(ledger)
    monkeypatch.setattr("syncworker.ledger.pruning.BATCH", 7)
    business.clock.advance(LONG)
    before = rows(business)

    gone, is_all = prune(business.ledger, KEEP)

    after = rows(business)
    assert is_all
    assert {name: after[name] for name in BOOKS} == {name: before[name] for name in BOOKS}
    assert {name: before[name] - after[name] for name in gone} == dict(gone)
    assert {name for name, deleted in gone.items() if deleted} == {"push", "read", "pull", "run", "incident"}
    assert (after["run"], after["run_item"], after["heartbeat"]) == (0, 0, 0)
    assert after["push"] >= 5
    assert after["pull"] >= 1
    with business.ledger.snapshot() as tx:
        assert [one.subject for one in incidents.open_incidents(tx, kind=IncidentKind.PARKED)] == ["pool/b"]
        assert check_books(tx) == []


def test_the_engine_goes_on_after_it_as_it_would_have_without(business: Business) -> None:
    business.clock.advance(LONG)
    prune(business.ledger, KEEP)

    business.receive("BIN", 5)
    business.shop.buy("BROOM", 2)
    business.run(6)

    with business.ledger.snapshot() as tx:
        assert check_books(tx) == []
        assert {one.subject for one in examine(tx).findings} == {"pool/b"}
    assert business.shop.pools["BIN"].quantity > 0
    assert prune(business.ledger, KEEP)[1]


def test_what_is_young_stays_and_a_second_time_finds_nothing(business: Business) -> None:
    before = rows(business)
    gone, _ = prune(business.ledger, KEEP)
    assert not any(gone.values())
    assert rows(business) == before

    business.clock.advance(LONG)
    prune(business.ledger, KEEP)
    again, _ = prune(business.ledger, KEEP)
    assert not any(again.values())


def test_it_stops_when_it_is_told_and_goes_on_where_something_is_left(business: Business) -> None:
    business.clock.advance(LONG)

    gone, is_all = prune(business.ledger, KEEP, goes_on=lambda: False)
    rest, is_rest = prune(business.ledger, KEEP)

    assert (is_all, is_rest) == (False, True)
    assert set(gone) == {"push"}
    assert rest["run"] == 2
