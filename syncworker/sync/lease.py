"""For how long may a worker be silent before another one takes over? As long as its slowest call takes, and no longer.

A lease that ran out too early does no harm: who lost it drops what was begun, and an answer to a push is recorded all the same.
"""

from __future__ import annotations

from syncworker.core.model import ChannelRules

#: A read is tried again for 8 s, waits 2 s for its turn, and its transaction takes a moment.
SLACK_S = 12.0
#: A call is given up after 20 s, however long a channel's horizon is.
LONGEST_S = 45.0


def lease_s(rules: ChannelRules) -> float:
    """Seconds; a call is given up well within the channel's horizon, so that is long enough for it."""
    return min(LONGEST_S, SLACK_S + rules.horizon_s)
