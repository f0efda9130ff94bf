"""How would a careless build count what is free, read a line, or send? In the place of functions outside `core.exposure`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from syncworker.core import exposure, fulfilment
from syncworker.core.availability import free_of as real_free_of
from syncworker.core.exposure import Bound, OpenPush, PushState
from syncworker.core.fulfilment import move_bound as real_move_bound
from syncworker.core.fulfilment import stock_effect as real_stock_effect
from syncworker.core.model import ChannelRules, Known
from tests.prove.values import Pool, Request
from tests.prove.version import Careless


def free_without_the_unknown(available: int, exposures: Iterable[tuple[int, int | None]]) -> int | None:
    return available - sum(per_sale * max(0, number or 0) for per_sale, number in exposures)


def free_of_plain_parts(available: int, exposures: Iterable[tuple[int, int | None]]) -> int | None:
    """A bundle counts as one unit."""
    return real_free_of(available, [(1, number) for _, number in exposures])


def free_is_available(available: int, exposures: Iterable[tuple[int, int | None]]) -> int | None:
    """Every channel is shown the same units: the common way."""
    return available


def counted_below_zero(number: int) -> int:
    return number


def moved_as_events(
    bound: Bound,
    before: fulfilment.Levels | None,
    after: fulfilment.Levels,
    facts: fulfilment.LineFacts,
    *,
    at: datetime,
    rules: ChannelRules,
) -> Bound:
    """Whatever is taken back is sold again."""
    if before is None or after.cancelled >= before.cancelled:
        return real_move_bound(bound, before, after, facts, at=at, rules=rules)
    return exposure.sold(
        bound,
        before.cancelled - after.cancelled,
        counts_down=facts.counts_down,
        placed_at=facts.placed_at,
        at=at,
        rules=rules,
    )


def never_put_back(_before: int, _after: int, _was: Known | None, _now: Known) -> int:
    """What the channel said of cancelled units once is believed for ever."""
    return 0


def moved_without_fewer(
    bound: Bound,
    before: fulfilment.Levels | None,
    after: fulfilment.Levels,
    facts: fulfilment.LineFacts,
    *,
    at: datetime,
    rules: ChannelRules,
) -> Bound:
    """An edit to fewer units is no cancellation."""
    if before is not None and after.ordered < before.ordered:
        before = replace(before, ordered=after.ordered)
    return real_move_bound(bound, before, after, facts, at=at, rules=rules)


def effect_of_returns(before: fulfilment.Levels, after: fulfilment.Levels) -> fulfilment.StockEffect:
    """What comes back is counted before it was seen at the door."""
    effect = real_stock_effect(before, after)
    return replace(effect, promised=effect.promised - after.returned + before.returned)


def difference(number: int, bound: Bound, _inside: int, _floor: int) -> int:
    return max(0, number - (bound.exposure or 0))


def without_reserved(number: int, _bound: Bound, _inside: int, floor: int) -> int:
    return max(number, floor)


def without_floor(number: int, _bound: Bound, inside: int, _floor: int) -> int:
    return number + inside


def did_not_happen(bound: Bound, push: OpenPush) -> tuple[Bound, PushState | None]:
    return exposure.refused(bound, push), None


def again_while_unknown(request: Request) -> bool:
    return request.state is PushState.UNKNOWN


def no_stand_ins() -> tuple[Request, ...]:
    """Nothing was sent after the backup."""
    return ()


def the_page_alone(pool: Pool) -> int:
    """What was sold and is not listed with us yet is not thought of."""
    return max(0, pool.shows)


def set_over_anything(number: int, requests: tuple[Request, ...]) -> bool:
    """Harmless. A second set over an open one adds its own ``up``: E ≥ both, and R ≤ the larger.

    Take the last acknowledgement, of a set P. Another one, Q, either landed before P was stored, and then P's number has
    replaced it; or may land after, and then P's pending bound counts it, for Q is open still: a settle closes a set only
    if nothing beside it may yet be answered (``is_closed_by_settle``). So R + U ≤ b whichever of the two landed last.
    What it costs is units: both raises are taken from what is free. Hence the rule of one, but for 0.
    """
    return number > 0 or len([request for request in requests if request.state is not None]) < 2


#: Careless readings of a line.
ON_LINES = (
    Careless(
        "put back after all adds nothing",
        "cancellation",
        "put back after all",
        fulfilment,
        "_put_back_late",
        never_put_back,
    ),
)
