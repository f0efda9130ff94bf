"""Who sells in the demo, and in which way? Names of the channels and how each takes its numbers; sets nothing up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

PASAR, TOKO, TIKTOK, STALL, INSTAGRAM = "pasar", "toko", "tiktok", "counter", "instagram"
#: The stall's number is ours; in a catalogue nobody buys.
OWN, CATALOGUE = "own", "catalogue"
#: How each of them takes its numbers.
MODES: Mapping[str, str] = MappingProxyType(
    {PASAR: "compare_and_set", TOKO: "delta", TIKTOK: "set", STALL: OWN, INSTAGRAM: CATALOGUE}
)
#: Where products are made at the channel itself, and only found by us: TikTok Shop wants a category for each.
FOUND_THERE = frozenset({TIKTOK})
#: The log's word for "the stall was given another number": nothing was called for it.
NUMBER = "number"


def sellers(names: Sequence[str], modes: Mapping[str, str]) -> list[str]:
    """Those where somebody can buy."""
    return [name for name in names if modes[name] != CATALOGUE]
