"""What will be left of a bound once its open sets have come to rest, and is another set 0 of any use before that?

Guesses for the planner alone; what a bound really falls to is decided in `exposure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from syncworker.core.exposure import Bound, OpenPush, horizon_passed, may_land_after
from syncworker.core.model import ChannelRules


def left_later(bound: Bound, sets: Sequence[OpenPush], rules: ChannelRules) -> int:
    """What the newest of these open sets will cut the bound to, once it is acknowledged and settled; never below 0."""
    newest = _newest(sets)
    if newest.acknowledged_at is not None and bound.pending is not None:
        return max(bound.pending, 0)
    restocks = bound.restocked - newest.restocked_before
    landing = (
        one.shown for one in sets if one is not newest and may_land_after(one, newest.stored_at, rules)
    )
    return newest.shown + restocks + sum(landing)


def zero_waits(bound: Bound, sets: Sequence[OpenPush], *, now: datetime, rules: ChannelRules) -> bool:
    """Whether a set 0 is the newest of these open sets, and a second one would prove nothing more at this moment.

    It may still be answered, or waits for its settle: sent again it would only begin that wait anew. Accepted without being
    a base it waits for nothing; and once an unanswered request that could land after it no longer can, a second one proves
    more.
    """
    if not sets:
        return False
    newest = _newest(sets)
    if newest.stands_in or newest.raised > 0:
        return False
    if newest.acknowledged_at is None:
        return not horizon_passed(newest, now, rules)
    return bound.pending is not None and not any(
        one.acknowledged_at is None
        and may_land_after(one, newest.stored_at, rules)
        and horizon_passed(one, now, rules)
        for one in sets
    )


def _newest(sets: Sequence[OpenPush]) -> OpenPush:
    return max(sets, key=lambda one: one.stored_at)
