"""Is the forecast's world one in which things go wrong, and is the answer about the policy alone?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncworker.core import exposure
from syncworker.core.model import BelowZero, ChannelRules, Policy, PolicyChoice, QuantityMode
from syncworker.forecast.setting import SAMPLES, Article, Setting, Shop, Tally, Upsets, Visit
from syncworker.forecast.world import World

ESCROW, SHARED = PolicyChoice(Policy.ESCROW), PolicyChoice(Policy.SHARED)
MODES = (QuantityMode.SET, QuantityMode.COMPARE_AND_SET, QuantityMode.ADJUST)
ALL_AT_ONCE = Upsets(cancelled=0.15, lost_answers=0.15, late_listings=0.15, late_by_s=60.0)


def _shop(name: str, mode: QuantityMode, *, readable: bool = True, share: float = 1.0) -> Shop:
    rules = ChannelRules(
        mode=mode, below_zero=BelowZero.REFUSES, readable=readable, poll_s=30.0, visibility_lag_s=60.0
    )
    return Shop(name=name, popularity=share, rules=rules)


def _market(**changes: object) -> Setting:
    """Three shops of each kind and a stall sell brooms, dustpans, and sets of both, to a buyer every twelve seconds."""
    stall = Shop(name="stall", popularity=0.5, rules=ChannelRules(own_number=True))
    setting = Setting(
        parts={"BROOM": 20, "PAN": 25},
        articles=(
            Article(sku="BROOM", recipe={"BROOM": 1}, wanted=3),
            Article(sku="PAN", recipe={"PAN": 1}, wanted=3),
            Article(sku="SET", recipe={"BROOM": 1, "PAN": 2}),
        ),
        shops=(*(_shop(mode.value, mode) for mode in MODES), stall),
        visitors_per_h=300,
        seconds=1800,
    )
    return replace(setting, **changes)  # type: ignore[arg-type]


def _one_article(*shops: Shop, units: int = 8, **changes: object) -> Setting:
    setting = Setting(
        parts={"A": units},
        articles=(Article(sku="A", recipe={"A": 1}),),
        shops=shops,
        visitors_per_h=120,
        seconds=3600,
    )
    return replace(setting, **changes)  # type: ignore[arg-type]


def _play(setting: Setting, seeds: range) -> list[Tally]:
    return [World(setting, seed).play() for seed in seeds]


@pytest.mark.parametrize(
    "upsets",
    [
        Upsets(cancelled=0.2),
        Upsets(cancelled=0.2, restocked=1.0, cancelled_after_s=(0.0, 90.0)),
        Upsets(lost_answers=0.3),
        Upsets(late_listings=0.5, late_by_s=60.0),
        ALL_AT_ONCE,
    ],
    ids=["cancelled", "cancelled at once", "answers lost", "listed late", "all at once"],
)
def test_escrow_sells_nothing_twice_whatever_goes_wrong(upsets: Upsets) -> None:
    tallies = _play(_market(upsets=upsets), range(3))

    assert [one.oversold for one in tallies] == [0, 0, 0]
    assert all(one.sold > 0 for one in tallies)


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_that_holds_for_every_kind_of_shop_alone(mode: QuantityMode, readable: bool) -> None:
    shops = [_shop(name, mode, readable=readable, share=share) for name, share in (("a", 3), ("b", 1))]

    tallies = _play(_one_article(*shops, upsets=ALL_AT_ONCE), range(5))

    assert max(one.oversold for one in tallies) == 0
    assert sum(one.lost_answers for one in tallies) > 0


def test_what_goes_wrong_really_does() -> None:
    tally = World(_market(upsets=ALL_AT_ONCE), 1).play()

    assert min(tally.cancelled, tally.lost_answers, tally.late_listings) > 0
    assert tally.reads > 0


def test_an_order_that_is_listed_later_than_promised_can_be_sold_twice() -> None:
    """The promise is the shop's: escrow holds only as far as that does."""
    broken = Upsets(late_listings=0.7, late_by_s=900.0)
    shops = [_shop(name, QuantityMode.SET) for name in "ab"]

    tallies = _play(_one_article(*shops, upsets=broken, visitors_per_h=240), range(12))

    assert max(one.oversold for one in tallies) > 0


def test_a_settle_that_does_not_wait_for_late_news_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The world judges the rule: without its wait, units are free while their sales are still unseen."""
    shops = [
        replace(_shop(name, QuantityMode.SET), visibility_s=(40.0, 60.0), latency_s=0.1)
        for name in ("a", "b", "c")
    ]
    market = _one_article(*shops, visitors_per_h=900, seconds=900, units=12)
    assert max(one.oversold for one in _play(market, range(6))) == 0

    monkeypatch.setattr(exposure, "settles", lambda bound, _pull, _rules: bound.base is not None)

    assert max(one.oversold for one in _play(market, range(6))) > 0


def test_shared_sells_twice_what_escrow_does_not() -> None:
    shops = [_shop(name, QuantityMode.SET) for name in "ab"]
    hurried = _one_article(*shops, visitors_per_h=1200, seconds=600)

    assert max(one.oversold for one in _play(replace(hurried, policy=SHARED), range(4))) > 0
    assert max(one.oversold for one in _play(hurried, range(4))) == 0


@pytest.mark.parametrize("policy", [SHARED, PolicyChoice(Policy.SHARED, 5)])
def test_every_policy_meets_the_same_buyers(policy: PolicyChoice) -> None:
    market = _market(upsets=ALL_AT_ONCE, to_the_end=True)

    escrow, other = (World(replace(market, policy=one), 3).play() for one in (ESCROW, policy))

    assert (escrow.came, escrow.common_sold) == (other.came, other.common_sold)
    assert escrow.turned_away != other.turned_away


def test_shared_with_escrow_below_more_than_there_is_is_escrow() -> None:
    market = _market(upsets=ALL_AT_ONCE, seconds=600)

    assert (
        World(replace(market, policy=PolicyChoice(Policy.SHARED, 1000)), 2).play() == World(market, 2).play()
    )


def test_the_same_seed_plays_the_same_run_and_another_one_another() -> None:
    market = _market(upsets=ALL_AT_ONCE, seconds=600)

    assert World(market, 5).play() == World(market, 5).play()
    assert World(market, 5).play() != World(market, 6).play()


def test_once_all_is_told_the_engine_knows_what_is_there() -> None:
    """Nothing hangs: no order is unseen, no push unanswered, and what the engine counts is the truth."""
    for seed in range(3):
        quiet = World(
            _market(upsets=ALL_AT_ONCE, seconds=6 * 3600, to_the_end=True, buyers=_for_ten_minutes), seed
        )
        tally = quiet.play()

        assert quiet.engine.available == quiet.there
        assert not any(pool.pushes or pool.bound.pending is not None for pool in quiet.pools.values())
        assert sum(pool.bound.exposure or 0 for pool in quiet.pools.values()) == sum(
            pool.number for pool in quiet.pools.values()
        )
        assert tally.cancelled > 0


def _for_ten_minutes(seed: int) -> list[Visit]:
    shops = [*(mode.value for mode in MODES), "stall"]
    return [Visit(60.0 + 10 * at, shops[(at + seed) % 4], ("PAN", "BROOM")[at % 2]) for at in range(24)]


def test_a_cancelled_unit_is_sold_again() -> None:
    shop = _shop("a", QuantityMode.SET)
    buyers = (Visit(60.0, "a", "A"), Visit(1800.0, "a", "A"))
    changed = Upsets(cancelled=1.0, restocked=0.0, cancelled_after_s=(300.0, 301.0))

    tally = World(
        _one_article(shop, units=1, buyers=lambda _seed: buyers, upsets=changed, to_the_end=True), 0
    ).play()

    assert (tally.bought, tally.cancelled, tally.sold, tally.oversold) == (2, 2, 0, 0)


def test_who_wants_more_than_is_shown_goes_away() -> None:
    shop = _shop("a", QuantityMode.SET)
    buyers = (Visit(60.0, "a", "A", 9), Visit(70.0, "a", "A", 5))

    tally = World(_one_article(shop, buyers=lambda _seed: buyers, to_the_end=True), 0).play()

    assert (tally.came, tally.bought, tally.sold) == (2, 1, 5)
    assert tally.turned_away.total() == 0


def test_shops_are_asked_as_often_as_the_poll_says_though_idle_turns_are_not_played() -> None:
    tally = World(_one_article(_shop("a", QuantityMode.SET), visitors_per_h=1, to_the_end=True), 0).play()

    assert tally.pulls == 120


def test_the_course_begins_full_and_goes_below_nothing_only_where_units_were_sold_twice() -> None:
    market = _market(to_the_end=True)

    for policy in (ESCROW, SHARED):
        tally = World(replace(market, policy=policy), 4).play()
        assert len(tally.course) == SAMPLES
        assert tally.course[0].there == 45
        assert max(moment.short for moment in tally.course) <= tally.oversold
