"""The engine stand-in keeps the rule: it raises before it sends, settles by pulls, and never shows more than there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from syncworker.connector import BelowZero, Capabilities, OutcomeUnknownError, QuantityKind, QuantityMode
from syncworker.connector.conformance import StandIn
from syncworker.connector.fake import FakeChannel
from syncworker.core.model import Known

FACTS = {"readable": True, "visibility_lag_s": 0.0, "read_lag_s": 0.0, "horizon_s": 1.0, "batch_max": 10}
KINDS = [
    Capabilities(mode=QuantityMode.SET, **FACTS),  # type: ignore[arg-type]
    Capabilities(mode=QuantityMode.COMPARE_AND_SET, **FACTS),  # type: ignore[arg-type]
    Capabilities(mode=QuantityMode.ADJUST, below_zero=BelowZero.REFUSES, **FACTS),  # type: ignore[arg-type]
    Capabilities(mode=QuantityMode.SET, kind=QuantityKind.ON_HAND, **FACTS),  # type: ignore[arg-type]
]


def shop(capabilities: Capabilities) -> FakeChannel:
    channel = FakeChannel(now=lambda: datetime.now(UTC), capabilities=capabilities)
    channel.add("BIN-BAMBU", 0)
    return channel


def calm(engine: StandIn) -> None:
    """Everything sent so far is settled."""
    engine.rest(5)
    engine.pull()
    engine.read_back()
    engine.rest(5)
    engine.pull()


@pytest.mark.parametrize("capabilities", KINDS, ids=str)
def test_stock_is_shown_once_and_followed_down(capabilities: Capabilities) -> None:
    channel = shop(capabilities)
    engine = StandIn(channel, {"BIN-BAMBU": 10})

    assert engine.adopt() == ("BIN-BAMBU",)
    assert len(engine.push()) == 1
    assert channel.sellable("BIN-BAMBU") == 10
    calm(engine)
    assert engine.push() == []

    channel.buy("BIN-BAMBU", 3)
    engine.rest(5)
    engine.pull()

    assert (engine.available("BIN-BAMBU"), engine.held(), engine.push()) == (7, 7, [])


def test_units_that_are_on_sale_after_all_are_counted() -> None:
    """The shop said that cancelled units are not on sale again, and put them back later."""
    channel = shop(KINDS[0])
    engine = StandIn(channel, {"BIN-BAMBU": 2})
    engine.adopt()
    engine.push()
    calm(engine)
    order = channel.buy("BIN-BAMBU", 1) or ""
    channel.cancel(order, restock=False)
    engine.rest(5)
    engine.pull()
    before = engine.held()

    line = replace(channel.line(order), restocked=Known.YES)
    channel.tell(replace(channel.orders[order], lines=(line,), updated_at=datetime.now(UTC)))
    engine.rest(5)
    engine.pull()

    assert engine.held() == before + 1


def test_goods_in_are_shown_and_a_smaller_count_is_followed() -> None:
    channel = shop(KINDS[0])
    engine = StandIn(channel, {"BIN-BAMBU": 2})
    engine.adopt()
    engine.push()
    calm(engine)

    engine.stock["BIN-BAMBU"] = 20
    engine.push()
    calm(engine)
    most = channel.sellable("BIN-BAMBU")
    engine.stock["BIN-BAMBU"] = 1
    for _ in range(3):
        engine.push()
        calm(engine)

    assert most == 18  # set(20) would need 20 free units, and 2 may still sell
    assert channel.sellable("BIN-BAMBU") <= 1


def test_a_lost_answer_blocks_further_pushes_and_stays_counted() -> None:
    channel = shop(KINDS[0])
    engine = StandIn(channel, {"BIN-BAMBU": 10})
    engine.adopt()
    channel.fail_at("push_quantities", 1, OutcomeUnknownError("lost"), after_effect=True)

    engine.push()

    assert (engine.held(), engine.push()) == (10, [])
