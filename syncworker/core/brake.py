"""Would a run change so much of a channel that a person should look first? A pure question about a plan.

Sales never brake anything: what they change is left out before it is asked. An approved plan is not asked about.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a run would do to one channel, what is owed to sales left out."""

    #: Listings whose number the run would change.
    changed: int
    #: Those of them that would show nothing afterwards.
    zeroed: int
    #: Listings that we sell there.
    listings: int


def brakes(sweep: Sweep, *, share: int, least: int) -> bool:
    """Whether the run has to stop before it sends anything: more than ``share`` per cent, and at least ``least`` listings.

    A share of 100 or more never brakes.
    """
    return share < 100 and sweep.changed >= max(1, least) and sweep.changed * 100 > share * sweep.listings
