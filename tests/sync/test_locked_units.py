"""Units that a channel has locked in a campaign: what is not locked is lowered at once, and nothing is refused again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector import Outcome, PushResult, QuantityPush
from syncworker.core.allocator import Reason
from syncworker.core.model import QuantityMode
from syncworker.ledger import pools
from syncworker.ledger.ledger import Ledger
from syncworker.sync.answers import LOCK_BELIEVED
from syncworker.sync.explain import explain
from syncworker.sync.limits import set_limits
from syncworker.sync.publishing import publish
from tests.sync.shopfront import FACTS, Business, Shopfront

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)
LOCKED = 4


class Campaign(Shopfront):
    """It keeps some units on sale whatever it is told, and says how many."""

    locked = 0
    tells = True
    asked = 0

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        self.asked += 1
        return [self._judged(push) for push in pushes]

    def _judged(self, push: QuantityPush) -> PushResult:
        wanted = push.value + (self.pools[push.pool_key].quantity if push.kind is QuantityMode.ADJUST else 0)
        if wanted < self.locked:
            least = self.locked if self.tells else None
            return PushResult(
                push_id=push.push_id, outcome=Outcome.REFUSED, least=least, message="in a campaign"
            )
        return super().push_quantities([push])[0]


def _business(ledger: Ledger, mode: QuantityMode, *, tells: bool = True) -> tuple[Business, Campaign]:
    business = Business(ledger, capabilities=replace(FACTS, mode=mode))
    shop = business.shop = Campaign(business.clock, replace(FACTS, mode=mode))
    publish(business.context, "shop")
    business.go_live()
    business.run(4)
    assert shop.pools["BIN"].quantity == 9
    shop.locked, shop.tells = LOCKED, tells
    business.ledger.run(lambda tx: set_limits(tx, "shop", "BIN", pause=True))
    return business, shop


@pytest.mark.parametrize("mode", [QuantityMode.ADJUST, QuantityMode.COMPARE_AND_SET])
@pytest.mark.parametrize("tells", [True, False])
def test_what_is_not_locked_comes_back_at_once_where_the_channel_tells_how_much_is(
    manual_ledger: Ledger, mode: QuantityMode, tells: bool
) -> None:
    business, shop = _business(manual_ledger, mode, tells=tells)
    business.run(10)

    assert shop.pools["BIN"].quantity == (LOCKED if tells else 9)
    assert _exposure(business) == shop.pools["BIN"].quantity


@pytest.mark.parametrize("mode", list(QuantityMode))
def test_locked_units_stay_counted_and_are_not_asked_for_all_the_time(
    manual_ledger: Ledger, mode: QuantityMode
) -> None:
    business, shop = _business(manual_ledger, mode)
    business.run(10)
    calls = shop.asked
    business.run(40)

    assert shop.asked == calls
    assert _exposure(business) == shop.pools["BIN"].quantity >= LOCKED


@pytest.mark.parametrize("mode", list(QuantityMode))
def test_people_are_told_that_they_are_locked(manual_ledger: Ledger, mode: QuantityMode) -> None:
    business, _ = _business(manual_ledger, mode)
    business.run(10)

    with business.ledger.snapshot() as tx:
        assert explain(tx, "BIN").pools[0].decision.reason is Reason.UNITS_LOCKED


@pytest.mark.parametrize("mode", list(QuantityMode))
def test_they_come_back_after_the_campaign(manual_ledger: Ledger, mode: QuantityMode) -> None:
    business, shop = _business(manual_ledger, mode)
    business.run(10)
    shop.locked = 0
    business.clock.advance(LOCK_BELIEVED + timedelta(seconds=1))
    business.run(20)

    assert (shop.pools["BIN"].quantity, _exposure(business)) == (0, 0)


def _exposure(business: Business) -> int | None:
    with business.ledger.snapshot() as tx:
        return pools.by_key(tx, "shop", ["BIN"])["BIN"].bound.exposure
