"""What is a person told of a decision? The allocator's reason, or what the rows know better.

Changes no number: who wants a pool at 0, and what holds it above that, is known to the rows alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from syncworker.core.decision import Decision, Reason
from syncworker.sync.stockroom import Stockroom
from syncworker.sync.withdrawing import wish_of

#: Why a number stays above what is wanted: the channel's floor, or units that it has locked.
_NOT_SO_LITTLE = frozenset({Reason.BELOW_FLOOR, Reason.ZERO_IS_NO_QUANTITY})


def named(decision: Decision, room: Stockroom, now: datetime) -> Decision:
    """The decision about one pool of the room with the reason that people are given."""
    record = room.pools[decision.pool_id]
    channel = room.channels[record.channel]
    if decision.reason is Reason.WITHDRAWN:
        return replace(decision, reason=wish_of(channel, record) or decision.reason)
    if decision.reason in _NOT_SO_LITTLE and record.locked_at(now) > channel.rules.floor:
        return replace(decision, reason=Reason.UNITS_LOCKED)
    return decision
