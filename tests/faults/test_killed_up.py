"""`up` as a process: killed in the middle, told to stop, started twice. The rows finish what was begun."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.business import Business, Buyers, open_business
from tests.faults.processes import Piece, running
from tests.waiting import await_condition

pytestmark = pytest.mark.faults

SOON_S = 60.0


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    with open_business(tmp_path / "business") as business:
        yield business


@pytest.fixture
def up(business: Business, tmp_path: Path) -> Iterator[Piece]:
    """A running `up`."""
    with running("up", business.folder, tmp_path / "up.log") as piece:
        await_condition(piece.is_ready, SOON_S, "up to be ready")
        yield piece


def is_pushing(business: Business) -> bool:
    """Whether a push has left that nobody answered yet."""
    return any("sending" in one for one in business.unfinished())


def test_killed_in_the_middle_it_finishes_after_a_restart(
    business: Business, up: Piece, tmp_path: Path
) -> None:
    with Buyers(business):
        await_condition(lambda: business.verdict().sold >= 12, SOON_S, "a third to be sold", poll_s=0.02)
        up.kill()
        with running("up", business.folder, tmp_path / "again.log") as again:
            await_condition(again.is_ready, SOON_S, "up to be ready again")
            await_condition(business.is_sold_out, SOON_S, "everything to be sold", poll_s=0.2)
            await_condition(business.is_finished, SOON_S, "everything to be recorded and told", poll_s=0.2)

    assert business.verdict().oversold == 0
    assert business.books() == []


def test_killed_while_a_push_is_under_way_its_outcome_is_proven(
    business: Business, up: Piece, tmp_path: Path
) -> None:
    await_condition(business.sells_everywhere, SOON_S, "stock at every shop", poll_s=0.05)
    for shop in business.sandbox.shops.values():
        shop.control.order_faults({"kind": "timeout_after", "operation": "quantities"})
    # One sale alone may need no push: sold out, the shop is given more from the others.
    while business.sandbox.shops["pasar"].control.buy("BIN-BAMBU")["outcome"] == "sold":
        pass
    await_condition(lambda: is_pushing(business), SOON_S, "a push under way", poll_s=0.01)
    up.kill()
    for shop in business.sandbox.shops.values():
        shop.control.clear_faults()

    with running("up", business.folder, tmp_path / "again.log"):
        await_condition(business.is_finished, SOON_S, "the outcome to be proven", poll_s=0.2)

    assert business.verdict().oversold == 0
    assert business.books() == []


def test_ctrl_c_is_a_clean_end(up: Piece) -> None:
    assert up.signal(signal.SIGINT) == 130

    assert "Traceback" not in up.said


def test_told_to_stop_it_stops_at_once_even_while_a_request_hangs(business: Business, tmp_path: Path) -> None:
    for shop in business.sandbox.shops.values():
        shop.control.order_faults({"kind": "delay", "seconds": 60.0})
    with running("up", business.folder, tmp_path / "up.log") as up:
        await_condition(up.is_ready, SOON_S, "up to be ready")
        await_condition(lambda: is_pushing(business), SOON_S, "a push under way", poll_s=0.01)

        assert up.signal(signal.SIGTERM) == 0
    assert "Traceback" not in up.said

    for shop in business.sandbox.shops.values():
        shop.control.clear_faults()
    with running("up", business.folder, tmp_path / "again.log"):
        await_condition(business.sells_everywhere, SOON_S, "stock at every shop", poll_s=0.1)
        await_condition(business.is_finished, SOON_S, "the broken-off pushes to be proven", poll_s=0.2)


def test_a_second_up_is_refused_and_the_first_goes_on(business: Business, up: Piece, tmp_path: Path) -> None:
    with running("up", business.folder, tmp_path / "second.log") as second:
        assert second.ended() == 1

    assert (
        f"syncworker already runs on {business.settings.database_url.removeprefix('sqlite:///')}"
        in second.said
    )
    assert up.is_ready()


def test_a_restored_backup_is_noticed_and_nothing_is_raised_before_it_is_proven(
    business: Business, up: Piece, tmp_path: Path
) -> None:
    ledger = Path(business.settings.database_url.removeprefix("sqlite:///"))
    old = tmp_path / "old.db"
    with sqlite3.connect(ledger) as source, sqlite3.connect(old) as copy:
        source.backup(copy)
    copy.close()
    source.close()
    assert up.signal(signal.SIGTERM) == 0
    with running("up", business.folder, tmp_path / "second.log") as second:
        await_condition(second.is_ready, SOON_S, "up to be ready")
        await_condition(business.sells_everywhere, SOON_S, "stock at every shop", poll_s=0.1)
    business.app.close()
    for name in (ledger, ledger.with_name(f"{ledger.name}-wal"), ledger.with_name(f"{ledger.name}-shm")):
        name.unlink(missing_ok=True)
    old.replace(ledger)

    with running("up", business.folder, tmp_path / "restored.log") as restored:
        await_condition(restored.is_ready, SOON_S, "up to be ready")
        assert "ledger_restored" in restored.said
        with Buyers(business):
            await_condition(business.is_sold_out, SOON_S, "everything to be sold", poll_s=0.2)
        await_condition(business.is_finished, SOON_S, "everything to be recorded", poll_s=0.2)

    assert business.verdict().oversold == 0
