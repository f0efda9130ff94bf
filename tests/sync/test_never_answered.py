"""A number that the channel never answers for holds up what shares its units: people are told, until it is known."""

from __future__ import annotations

import pytest

from syncworker.ledger import incidents
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Ledger
from syncworker.sync.listings import discover, link_suggested
from tests.sync.shopfront import Business

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)


def _told(business: Business) -> list[str]:
    with business.ledger.snapshot() as tx:
        return [str(one.details["error"]) for one in incidents.open_incidents(tx, kind=IncidentKind.FAILING)]


def test_people_are_told_of_a_number_that_is_never_answered(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger)
    business.shop.add("BIN", 3)
    business.shop.add("BROOM", 3)
    discover(business.context, "shop")
    manual_ledger.run(lambda tx: link_suggested(tx, business.context, "shop", actor="test"))
    business.go_live()
    business.shop.answer_next("read_quantities", ())
    business.run(1)
    silent = _told(business)

    business.run(4)

    assert len(silent) == 2
    assert "no number for BIN" in silent[0]
    assert _told(business) == []
    assert business.shop.pools["BIN"].quantity == 9
