"""A channel's connection goes with every row that hangs on it; the books and what people did stay."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from syncworker.connector import Capabilities
from syncworker.core.model import Limits
from syncworker.errors import InputError, LeaseLostError
from syncworker.ledger import (
    channels,
    incidents,
    jobs,
    limits,
    listings,
    pools,
    products,
    publications,
    removal,
    stock,
)
from syncworker.ledger.channels import ChannelState
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.ledger.listings import FoundListing
from syncworker.ledger.products import Product
from syncworker.ledger.schema import metadata, push, read
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context, tell_nobody
from syncworker.sync.publishing import publish
from syncworker.sync.removing import remove
from tests.sync.shopfront import Business

SKU = "RETRO-CLOCK"


def _no_channel(name: str) -> object:
    raise LookupError(name)


def _context(ledger: Ledger) -> Context:
    return Context(ledger=ledger, open_channel=_no_channel, hint=tell_nobody)  # type: ignore[arg-type]


def _shop(tx: Transaction, *, exposure: int | None = 0) -> None:
    """A live channel with a number, a listing, a limit, a closed push and an incident."""
    products.save_products(tx, [Product(sku=SKU, title=SKU)])
    goods.count(tx, [Counted(sku=SKU, location="main", units=10)], reference="first", actor="test")
    use.register(tx, "shop", connector="fake", capabilities=Capabilities())
    channels.set_state(tx, "shop", ChannelState.LIVE)
    pools.create(tx, "p-1", channel="shop", pool_key=SKU, sku=SKU, in_sum=True, exposure=exposure)
    found = FoundListing(
        external_id="1", pool_key=SKU, remote_sku=SKU, title="Clock", price=None, currency=None
    )
    listings.record_found(tx, "shop", [found])
    listings.link(tx, "shop", "1", sku=SKU, pool_id="p-1")
    limits.save(tx, "shop", SKU, Limits(at_most=3))
    channels.next_sequence(tx, "shop")
    tx.execute(
        sa.insert(push).values(
            id="push-1", pool_id="p-1", channel="shop", kind="set", value=0, raised=0, restocked_before=0,
            state="settled", reason="withdrawn", stored_at=tx.now, closed_at=tx.now, message="",
        )
    )  # fmt: skip
    tx.execute(
        sa.insert(read).values(
            id="read-1", pool_id="p-1", channel="shop", began_at=tx.now, raised=0, restocked=0, sequence=1
        )
    )
    incidents.open_incident(tx, IncidentKind.FAILING, "channel/shop", {"channel": "shop", "error": "down"})


def test_every_row_that_hangs_on_a_channel_goes_and_the_books_stay(ledger: Ledger) -> None:
    ledger.run(_shop)
    ledger.run(lambda tx: remove(tx, _context(ledger), "shop", actor="sari"))

    with ledger.snapshot() as tx:
        for table in metadata.sorted_tables:
            if table.name not in removal.KEPT and "channel" in table.c:
                assert tx.execute(sa.select(table)).all() == [], table.name
        assert channels.all_channels(tx) == []
        assert stock.levels(tx)[SKU, "main"].on_hand == 10
        assert [one.reference for one in stock.history(tx, SKU)] == ["first"]
        assert incidents.open_incidents(tx) == []


def test_no_table_that_refers_to_a_channel_or_a_number_is_forgotten() -> None:
    hanging = {
        table.name
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in ("channel", "pool")
    }

    assert hanging.isdisjoint(removal.KEPT)
    assert all(
        "channel" in metadata.tables[name].c or "pool_id" in metadata.tables[name].c for name in hanging
    )


@pytest.mark.parametrize("exposure", [1, -1, None])
def test_a_channel_that_may_sell_anything_stays(ledger: Ledger, exposure: int | None) -> None:
    ledger.run(lambda tx: _shop(tx, exposure=exposure))

    with pytest.raises(InputError, match="may still sell something"):
        ledger.run(lambda tx: remove(tx, _context(ledger), "shop", actor="sari"))

    with ledger.snapshot() as tx:
        assert [one.name for one in channels.all_channels(tx)] == ["shop"]


def test_an_open_push_or_a_pending_settle_is_not_nothing(ledger: Ledger) -> None:
    ledger.run(_shop)
    ledger.run(lambda tx: tx.execute(sa.update(push).values(closed_at=None, state="unknown")))

    with pytest.raises(InputError, match="may still sell something"):
        ledger.run(lambda tx: remove(tx, _context(ledger), "shop", actor="sari"))


@pytest.mark.parametrize("any_database", ["memory"], indirect=True)
@pytest.mark.parametrize("units", [0, 2])
def test_a_channel_where_something_is_being_listed_stays_until_it_is_known_what_that_made(
    ledger: Ledger, units: int
) -> None:
    ledger.run(_shop)
    ledger.run(lambda tx: publications.begin(tx, "shop", SKU, units=units))

    with pytest.raises(InputError, match=f"may still sell something: {SKU}"):
        ledger.run(lambda tx: remove(tx, _context(ledger), "shop", actor="sari"))

    ledger.run(lambda tx: publications.end(tx, "shop", SKU))
    assert ledger.run(lambda tx: remove(tx, _context(ledger), "shop", actor="sari")) == 0


def test_whoever_works_there_is_not_interrupted(ledger: Ledger) -> None:
    ledger.run(_shop)
    ledger.run(lambda tx: jobs.claim(tx, "shop", JobKind.PUSH, token="somebody", seconds=60.0))

    with pytest.raises(LeaseLostError, match="Somebody works at shop"):
        ledger.run(lambda tx: remove(tx, _context(ledger), "shop", actor="sari"))


def test_a_channel_that_comes_back_is_observed_first(ledger: Ledger) -> None:
    ledger.run(_shop)
    ledger.run(lambda tx: remove(tx, _context(ledger), "shop", actor="sari"))

    is_new = ledger.run(lambda tx: use.register(tx, "shop", connector="fake", capabilities=Capabilities()))

    with ledger.snapshot() as tx:
        assert is_new
        assert channels.load(tx, "shop").state is ChannelState.OBSERVING
        assert pools.of_channel(tx, "shop") == []


@pytest.mark.parametrize("any_database", ["memory"], indirect=True)
def test_what_sold_more_than_it_was_allowed_goes_once_it_was_read_back(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.go_live()
    business.run(3)
    manual_ledger.run(lambda tx: use.withdraw(tx, ["shop"]))
    business.run(5)
    with manual_ledger.transaction() as tx:
        broken, *_ = pools.of_channel(tx, "shop")
        assert broken.bound.exposure == 0
        bound = replace(broken.bound, exposure=-1, fallen_at=tx.now)
        pools.save_bounds(tx, {broken.id: bound})
        pools.want_read(tx, [broken.id], at=tx.now)
    with pytest.raises(InputError, match=r"sold more than we had allowed.*until it was read back"):
        manual_ledger.run(lambda tx: remove(tx, business.context, "shop", actor="sari"))

    business.run(4)

    manual_ledger.run(lambda tx: remove(tx, business.context, "shop", actor="sari"))
    with manual_ledger.snapshot() as seen:
        assert channels.all_channels(seen) == []


def test_a_number_below_nothing_that_cannot_be_read_back_is_for_a_person_to_say(ledger: Ledger) -> None:
    ledger.run(lambda tx: _shop(tx, exposure=-1))

    with pytest.raises(InputError, match=r"nobody but you can read it.*`syncworker pool assume shop/SKU 0`"):
        ledger.run(lambda tx: remove(tx, _context(ledger), "shop", actor="sari"))

    ledger.run(lambda tx: use.assume(tx, "p-1", 0))
    assert ledger.run(lambda tx: remove(tx, _context(ledger), "shop", actor="sari")) == 0
