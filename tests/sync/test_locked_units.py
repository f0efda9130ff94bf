"""Units that a channel has locked in a campaign: what is not locked is lowered at once, and nothing is refused again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector import Outcome, PushResult, QuantityPush, Reading
from syncworker.core.allocator import Reason
from syncworker.core.model import QuantityMode
from syncworker.ledger import incidents, pools
from syncworker.ledger.incidents import Incident, IncidentKind
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


class Beside(Shopfront):
    """A campaign sells units beside the number: a 0 is taken, and they stay."""

    beside = 0
    asked = 0

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        self.asked += 1
        told = super().push_quantities(pushes)
        return [
            replace(one, echo=self.beside, least=self.beside)
            if (push.pool_key, push.value) == ("BIN", 0) and self.beside
            else one
            for push, one in zip(pushes, told, strict=True)
        ]

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        read = super().read_quantities(pool_keys)
        return [
            replace(one, quantity=(one.quantity or 0) + self.beside) if one.pool_key == "BIN" else one
            for one in read
        ]


@pytest.fixture
def beside(manual_ledger: Ledger) -> tuple[Business, Beside]:
    """Four units in a campaign, and the number is to go to 0."""
    business = Business(manual_ledger, capabilities=FACTS)
    shop = business.shop = Beside(business.clock, FACTS)
    publish(business.context, "shop")
    business.go_live()
    business.run(4)
    shop.beside = LOCKED
    business.ledger.run(lambda tx: set_limits(tx, "shop", "BIN", pause=True))
    return business, shop


def test_a_zero_that_leaves_units_beside_it_is_sent_once_and_told_once(
    beside: tuple[Business, Beside],
) -> None:
    business, shop = beside
    told: list[Incident] = []
    shop.asked = 0
    for _ in range(50):
        business.run()
        told += [one for one in _drifts(business) if one.id not in {known.id for known in told}]

    assert shop.pools["BIN"].quantity == 0
    assert (shop.asked, len(told)) == (1, 1)
    assert _exposure(business) == LOCKED


def test_units_beside_are_looked_for_again_after_a_while_without_being_told_again(
    beside: tuple[Business, Beside],
) -> None:
    business, shop = beside
    business.run(50)
    shop.asked = 0
    business.clock.advance(LOCK_BELIEVED)
    told = 0
    for _ in range(20):
        business.run()
        told += len(_drifts(business))

    assert (shop.asked, told) == (1, 0)
    assert _exposure(business) == LOCKED


def test_the_units_beside_are_free_after_the_campaign(beside: tuple[Business, Beside]) -> None:
    business, shop = beside
    business.run(20)
    shop.beside = 0
    business.clock.advance(LOCK_BELIEVED + timedelta(seconds=1))
    business.run(20)

    assert (shop.pools["BIN"].quantity, _exposure(business)) == (0, 0)


def _drifts(business: Business) -> list[Incident]:
    with business.ledger.snapshot() as tx:
        return list(incidents.open_incidents(tx, kind=IncidentKind.DRIFT))


def _exposure(business: Business) -> int | None:
    with business.ledger.snapshot() as tx:
        return pools.by_key(tx, "shop", ["BIN"])["BIN"].bound.exposure
