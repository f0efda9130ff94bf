"""What would a careless hold do? Take units that a shop may sell."""

from __future__ import annotations

from collections.abc import Sequence

from syncworker.core import hold
from syncworker.core.hold import gathered as real_gathered
from tests.prove.version import Careless


def gathers_what_is_there(lacks: Sequence[int], _free: int | None) -> list[int]:
    """On hand less reserved is enough: what the shops may sell of it is not asked."""
    return list(lacks)


def gathers_beside_the_unknown(lacks: Sequence[int], free: int | None) -> list[int]:
    """A number that nobody knows is none."""
    return real_gathered(lacks, sum(lacks) if free is None else free)


_VERSIONS = {
    "a hold takes what is there": ("a hold beside a shop", gathers_what_is_there),
    "a hold of bundles takes what is there": ("a hold beside a bundle", gathers_what_is_there),
    "a hold takes beside the unknown": ("a hold beside an unknown number", gathers_beside_the_unknown),
}
HOLDS = tuple(
    Careless(name, "hold", world, hold, "gathered", version) for name, (world, version) in _VERSIONS.items()
)
