"""Each repair of the doctor, on a row that was broken by SQL first; none breaks the rule, and what nobody can know stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest

from syncworker.core.exposure import PushState
from syncworker.core.model import QuantityMode
from syncworker.ledger import incidents, jobs, listings, pools, pushes, runs, stock
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pushes import PushRecord
from syncworker.sync import withdrawing
from syncworker.sync.doctor import examine
from syncworker.sync.publishing import publish
from syncworker.sync.read import read_back
from syncworker.sync.repairing import Repair, RepairKind, repair
from tests.sync.shopfront import Business

#: On the other databases under `make prove`.
pytestmark = pytest.mark.parametrize(
    "any_database", ["memory", pytest.param("postgresql", marks=pytest.mark.prove)], indirect=True
)


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """A live shop that shows nine of each, with nothing wrong."""
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.go_live()
    business.run(6)
    assert findings(business) == set()
    return business


def change(business: Business, *statements: str) -> None:
    """Somebody changes rows behind our back: no constraint and no trigger stops them."""
    engine = business.ledger.engine
    with closing(engine.raw_connection()) as pooled:
        driver = pooled.driver_connection
        assert driver is not None
        if isinstance(driver, sqlite3.Connection):
            (reading,) = driver.execute("PRAGMA query_only").fetchone()
            triggers = driver.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            before = ["PRAGMA query_only=0", "PRAGMA foreign_keys=OFF"]
            before += [f"DROP TRIGGER {name}" for (name,) in triggers]
            after = ["PRAGMA foreign_keys=ON", f"PRAGMA query_only={reading}"]
        else:
            before = ["SET session_replication_role = replica"]
            after = ["SET session_replication_role = DEFAULT"]
        cursor = pooled.cursor()
        for statement in (*before, *statements, *after):
            cursor.execute(statement)
        pooled.commit()


def findings(business: Business) -> set[str]:
    with business.ledger.snapshot() as tx:
        return {one.kind.value for one in examine(tx).findings}


def mend(business: Business, *, rebuild_counts: bool = False) -> dict[RepairKind, Repair]:
    """What was done; done twice, nothing is left to do."""
    done = repair(business.context, actor="sari", rebuild_counts=rebuild_counts)
    again = repair(business.context, actor="sari", rebuild_counts=rebuild_counts)
    assert [one for one in again if one.kind is not RepairKind.READ_LATER] == []
    return {one.kind: one for one in done}


def pool(business: Business, sku: str = "BIN") -> PoolRecord:
    with business.ledger.snapshot() as tx:
        return next(one for one in pools.of_channel(tx, "shop") if one.sku == sku)


def test_nothing_to_mend_leaves_nothing_behind(business: Business) -> None:
    assert mend(business) == {}

    with business.ledger.snapshot() as tx:
        assert runs.latest(tx, kind="repair") == []


def test_what_was_mended_stands_in_the_books_with_who_did_it(business: Business) -> None:
    change(business, "UPDATE pool SET planned_version = wanted_version + 5")

    mend(business)

    with business.ledger.snapshot() as tx:
        (run,) = runs.latest(tx, kind="repair")
        items = runs.items(tx, run.id)
    assert (run.actor, run.details["repairs"]) == ("sari", 2)
    assert [item.subject for item in items] == ["marked shop/BIN", "marked shop/BROOM"]


# --- rows that point to nothing ------------------------------------------------------------------------------------

ORPHANS = {
    "job": "UPDATE job SET channel = 'gone' WHERE kind = 'read'",
    "read": "UPDATE read SET pool_id = 'gone'",
    "push": "UPDATE push SET pool_id = 'gone'",
    "limit": """INSERT INTO "limit" (channel, sku, pause) VALUES ('gone', 'BIN', TRUE)""",
    "price": "INSERT INTO price (channel, sku, amount, currency) VALUES ('shop', 'GONE', '1', 'IDR')",
}


@pytest.mark.parametrize("table", ORPHANS)
def test_rows_that_belong_to_nothing_are_dropped(business: Business, table: str) -> None:
    read_back(business.context, "shop", pool_ids=[pool(business).id])
    business.run(3)
    change(business, ORPHANS[table])
    assert findings(business) == {"orphans"}

    done = mend(business)

    assert done[RepairKind.DROPPED].facts["table"] == table
    business.register()
    assert findings(business) == set()
    business.run(3)


def test_rows_that_count_are_never_dropped(business: Business) -> None:
    change(business, "DELETE FROM product WHERE sku = 'BROOM'")
    assert "lost" in findings(business)

    assert mend(business) == {}

    assert "lost" in findings(business)
    assert pool(business, "BROOM").bound.exposure == 9


def test_a_listing_whose_number_is_gone_is_told_as_unprotected(business: Business) -> None:
    change(
        business, f"DELETE FROM pool WHERE id = '{pool(business).id}'", "DELETE FROM push", "DELETE FROM read"
    )
    assert findings(business) == {"number_lost"}

    done = mend(business)

    assert done[RepairKind.UNLINKED].subject == "shop/BIN"
    assert findings(business) == {"not_protected"}
    with business.ledger.snapshot() as tx:
        assert [one.kind for one in incidents.open_incidents(tx)] == [IncidentKind.NOT_PROTECTED]
        assert [str(one.remote_sku) for one in listings.suggestions(tx)] == ["BIN"]


def test_a_number_that_no_listing_sells_from_is_set_to_0(business: Business) -> None:
    change(business, "UPDATE listing SET sku = NULL, pool_id = NULL, state = 'ignored' WHERE sku = 'BIN'")
    assert "no_listing" in findings(business)

    assert mend(business)[RepairKind.ZEROED].facts["exposure"] == 9
    business.run(6)

    assert pool(business).bound.exposure == 0
    assert business.shop.pools["BIN"].quantity == 0
    assert findings(business) == set()


# --- counts --------------------------------------------------------------------------------------------------------


def test_a_count_that_differs_from_its_movements_is_only_shown(business: Business) -> None:
    change(business, "UPDATE stock SET on_hand = 7 WHERE sku = 'BROOM'")

    done = mend(business)

    assert RepairKind.COUNT_REBUILT not in done
    assert "books" in findings(business)
    with business.ledger.snapshot() as tx:
        assert stock.levels(tx)["BROOM", "main"].on_hand == 7


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE stock SET on_hand = 99 WHERE sku = 'BIN'",
        "UPDATE stock SET on_hand = 2 WHERE sku = 'BIN'",
        "UPDATE stock SET reserved = 4 WHERE sku = 'BIN'",
        "UPDATE stock SET version = 40 WHERE sku = 'BIN'",
        "DELETE FROM stock WHERE sku = 'BIN'",
    ],
)
def test_by_a_persons_word_a_count_is_what_its_movements_add_up_to(business: Business, broken: str) -> None:
    change(business, broken)
    assert "books" in findings(business)

    done = mend(business, rebuild_counts=True)

    assert done[RepairKind.COUNT_REBUILT].facts["on_hand"] == 9
    assert findings(business) <= {"adopting"}
    business.run(6)
    assert business.shop.pools["BIN"].quantity == 9


def test_a_count_rebuilt_below_what_is_shown_is_told_and_lowered(business: Business) -> None:
    change(business, "UPDATE stock SET on_hand = 99 WHERE sku = 'BIN'")
    record = pool(business)
    business.ledger.run(lambda tx: pools.mark_dirty(tx, [record.id]))
    business.run(6)
    assert business.shop.pools["BIN"].quantity > 9

    mend(business, rebuild_counts=True)

    assert "deficit" in findings(business)
    business.run(8)
    assert business.shop.pools["BIN"].quantity <= 9
    assert findings(business) == set()


def test_where_the_chain_of_movements_is_broken_nothing_is_rebuilt(business: Business) -> None:
    change(
        business,
        "UPDATE movement SET version = 7 WHERE sku = 'BIN'",
        "UPDATE stock SET on_hand = 5 WHERE sku = 'BIN'",
    )

    done = mend(business, rebuild_counts=True)

    assert RepairKind.COUNT_REBUILT not in done
    assert "books" in findings(business)
    with business.ledger.snapshot() as tx:
        assert stock.levels(tx)["BIN", "main"].on_hand == 5


# --- what hangs ----------------------------------------------------------------------------------------------------


def test_a_lease_past_its_time_is_freed_and_its_late_owner_is_fenced_off(business: Business) -> None:
    lease = business.ledger.run(lambda tx: jobs.claim(tx, "shop", JobKind.PULL, token="dead", seconds=10))
    assert lease is not None
    change(business, _set_time("job", "lease_until", "2000-01-01"))
    assert "lease_overdue" in findings(business)

    done = mend(business)

    assert done[RepairKind.LEASE_FREED].facts["job"] == "pull"
    assert findings(business) == set()
    assert business.ledger.run(lambda tx: jobs.keep(tx, lease, seconds=10)) is False


def _set_time(table: str, column: str, day: str) -> str:
    return f"UPDATE {table} SET {column} = '{day}T00:00:00.000000+00:00' WHERE {column} IS NOT NULL"


def stuck(business: Business) -> str:
    """A push of 4 whose owner died; its time is over long since."""
    record = pool(business)
    push = PushRecord(
        id="stuck", pool_id=record.id, channel="shop", kind=QuantityMode.SET, value=4, expected=None, raised=0,
        restocked_before=0, state=PushState.SENDING, reason="share", stored_at=business.clock.time,
    )  # fmt: skip
    business.ledger.run(lambda tx: pushes.store(tx, [push]))
    business.clock.advance(timedelta(hours=1))
    return push.id


def test_a_push_that_nobody_knows_the_outcome_of_is_read_back_at_once(business: Business) -> None:
    stuck(business)
    business.shop.pools["BIN"].quantity = 4
    assert "push_overdue" in findings(business)

    done = mend(business)

    assert done[RepairKind.READ_BACK].subject == "shop/BIN"
    assert pool(business).shown == 4
    assert "push_overdue" not in findings(business)
    business.run(3)
    assert pool(business).bound.exposure == 4
    assert findings(business) == set()


def test_where_the_channel_does_not_answer_it_says_so_and_nothing_is_believed(business: Business) -> None:
    stuck(business)
    business.shop.read_quantities = _dead  # type: ignore[method-assign,assignment]

    done = mend(business)

    assert RepairKind.READ_LATER in done
    assert pool(business).bound.exposure == 9
    with business.ledger.snapshot() as tx:
        assert pushes.unanswered(tx, channel="shop") != []


def _dead(*_: object) -> list[object]:
    raise ConnectionError("nobody there")


# --- marks and incidents -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        ("UPDATE pool SET planned_version = wanted_version + 5 WHERE sku = 'BIN'", "mark_lost"),
        ("UPDATE pool SET planned_version = wanted_version WHERE sku = 'BIN'", "unplanned"),
    ],
)
def test_a_number_that_no_mark_reaches_is_looked_at_again(business: Business, broken: str, kind: str) -> None:
    business.count("BIN", units=100)
    change(business, broken)
    business.clock.advance(timedelta(minutes=6))
    business.run(2, kinds=(JobKind.PULL, JobKind.PUSH))
    assert business.shop.pools["BIN"].quantity == 9
    assert kind in findings(business)

    mend(business)
    business.run(4)

    assert business.shop.pools["BIN"].quantity > 9
    assert findings(business) == set()


def test_parts_that_may_be_sold_beyond_what_there_is_are_told_and_lowered(business: Business) -> None:
    change(business, "UPDATE pool SET exposure = 30 WHERE sku = 'BIN'")
    assert "exposed" in findings(business)

    done = mend(business)

    assert done[RepairKind.DEFICIT_TOLD].subject == "BIN"
    assert "deficit" in findings(business)
    business.run(8)
    assert findings(business) == set()


def _deficit(business: Business) -> None:
    business.ledger.run(
        lambda tx: incidents.open_incident(tx, IncidentKind.DEFICIT, "BIN", {"sku": "BIN", "units_short": 2})
    )


def _of_a_number_that_is_gone(business: Business) -> None:
    facts = {"channel": "shop", "sku": "BIN", "message": "no"}
    business.ledger.run(lambda tx: incidents.open_incident(tx, IncidentKind.PARKED, "pool/gone", facts))


@pytest.mark.parametrize("left_open", [_deficit, _of_a_number_that_is_gone])
def test_an_incident_that_is_over_is_closed(
    business: Business, left_open: Callable[[Business], None]
) -> None:
    left_open(business)
    assert "incident_over" in findings(business)

    assert RepairKind.INCIDENT_CLOSED in mend(business)

    assert findings(business) == set()


def test_a_withdrawal_under_way_needs_no_repair(business: Business) -> None:
    record = pool(business)
    business.ledger.run(lambda tx: withdrawing.begin(tx, record))

    assert mend(business) == {}
