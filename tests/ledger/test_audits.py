"""Whatever a command changes leaves one row with its first change; a command that changes nothing leaves none."""

from __future__ import annotations

import pytest

from syncworker.ledger import Ledger, runs
from syncworker.ledger.audits import AuditFilters, AuditRecord, audited, latest
from syncworker.ledger.runs import RunItem


def _rows(ledger: Ledger) -> list[AuditRecord]:
    with ledger.snapshot() as tx:
        return latest(tx, AuditFilters())


def _change(ledger: Ledger, run_id: str) -> None:
    ledger.run(lambda tx: runs.record(tx, run_id, kind="test", actor="sari", details={}))


def test_the_first_change_leaves_one_row_however_many_follow(ledger: Ledger) -> None:
    with audited(ledger, actor="sari", command="stock set", arguments={"sku": "A"}):
        _change(ledger, "one")
        _change(ledger, "two")

    (row,) = _rows(ledger)
    assert (row.actor, row.command, row.arguments, row.outcome) == ("sari", "stock set", {"sku": "A"}, "done")
    assert row.finished_at is not None
    assert row.finished_at >= row.at


def test_reading_leaves_no_row(ledger: Ledger) -> None:
    with audited(ledger, actor="sari", command="stock list", arguments={}):
        with ledger.snapshot() as tx:
            runs.latest(tx)
        ledger.run(lambda tx: runs.finish(tx, "no such run", {}))

    assert _rows(ledger) == []


def test_a_row_is_there_as_soon_as_the_change_is(ledger: Ledger) -> None:
    with audited(ledger, actor="sari", command="stock set", arguments={}):
        _change(ledger, "one")
        (row,) = _rows(ledger)

        assert (row.outcome, row.finished_at) == (None, None)


def test_a_change_that_is_undone_leaves_no_row(ledger: Ledger) -> None:
    def fails() -> None:
        with ledger.transaction() as tx:
            runs.record(tx, "one", kind="test", actor="sari", details={})
            raise LookupError

    with pytest.raises(LookupError), audited(ledger, actor="sari", command="stock set", arguments={}):
        fails()

    assert _rows(ledger) == []


def test_an_error_after_the_change_is_the_rows_outcome(ledger: Ledger) -> None:
    def fails() -> None:
        with audited(ledger, actor="sari", command="stock set", arguments={}):
            _change(ledger, "one")
            raise LookupError

    with pytest.raises(LookupError):
        fails()

    assert [row.outcome for row in _rows(ledger)] == ["LookupError"]


def test_nothing_listens_any_more_afterwards(ledger: Ledger) -> None:
    before = list(ledger.before_commit), list(ledger.after_commit)
    with audited(ledger, actor="sari", command="stock set", arguments={}):
        pass
    _change(ledger, "one")

    assert _rows(ledger) == []
    assert (ledger.before_commit, ledger.after_commit) == before


def test_what_changed_elsewhere_is_stored_too(ledger: Ledger) -> None:
    with audited(ledger, actor="sari", command="channel add", arguments={}) as auditor:
        auditor.changed_elsewhere()

    assert [row.command for row in _rows(ledger)] == ["channel add"]


def test_rows_are_found_by_who_and_what_and_page_by_page(ledger: Ledger) -> None:
    for number, (actor, command) in enumerate(
        [("sari", "stock set"), ("budi", "sale add"), ("sari", "sale add")]
    ):
        with audited(ledger, actor=actor, command=command, arguments={}):
            _change(ledger, f"run {number}")

    with ledger.snapshot() as tx:
        by_sari = latest(tx, AuditFilters(actor="sari"))
        sales = latest(tx, AuditFilters(command="sale"))
        first = latest(tx, AuditFilters(), most=2)
        rest = latest(tx, AuditFilters(), before=first[-1].id, most=2)
        later = latest(tx, AuditFilters(since=first[0].at))
        earlier = latest(tx, AuditFilters(until=rest[0].at))
    assert [row.command for row in by_sari] == ["sale add", "stock set"]
    assert [row.actor for row in sales] == ["sari", "budi"]
    assert [row.actor for row in first + rest] == ["sari", "budi", "sari"]
    assert first[0] in later
    assert rest[0] not in earlier


def test_a_run_advances_until_it_is_finished_and_its_items_come_page_by_page(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        runs.begin(tx, "0197", kind="resync", actor="sari", details={"channels": "shop"})
        runs.advance(tx, "0197", done=3, total=10)
        items = [RunItem(subject=f"shop/{n}", state="to_be_sent", details={"n": n}) for n in range(5)]
        runs.add_items(tx, "0197", items)
    with ledger.snapshot() as tx:
        (one,) = runs.starting_with(tx, "01")
        assert (one.finished_at, one.details) == (None, {"channels": "shop", "done": 3, "total": 10})
        page = runs.items(tx, "0197", most=2)
        assert [item.subject for item in page] == ["shop/0", "shop/1"]
        assert [item.subject for item in runs.items(tx, "0197", after="shop/1")] == [
            "shop/2",
            "shop/3",
            "shop/4",
        ]
        assert runs.count_items(tx, "0197") == {"to_be_sent": 5}

    with ledger.transaction() as tx:
        runs.finish(tx, "0197", {"applied": 5})
        runs.advance(tx, "0197", done=99, total=99)
        runs.finish(tx, "0197", {"applied": 99})
    with ledger.snapshot() as tx:
        (one,) = runs.latest(tx, kind="resync")
    assert one.finished_at is not None
    assert one.details == {"channels": "shop", "done": 3, "total": 10, "applied": 5}


def test_runs_come_newest_first_and_page_by_page(ledger: Ledger) -> None:
    for number in range(5):
        _change(ledger, f"run-{number}")

    with ledger.snapshot() as tx:
        first = runs.latest(tx, most=2)
        rest = runs.latest(tx, before=first[-1].id, most=10)
    assert [one.id for one in first + rest] == ["run-4", "run-3", "run-2", "run-1", "run-0"]
