"""How does a pretend shop of a known platform look? One for each wire format, with that platform's habits."""

from __future__ import annotations

from collections.abc import Iterable

from syncworker.sandbox.dialects import DIALECTS
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup, craft_listings


def speaking_shops(
    dialects: Iterable[str], listings: Iterable[ListingSeed] | None = None
) -> tuple[ShopSetup, ...]:
    """One shop a dialect, named after it, with the habits of its platform; `ValueError` names those there are."""
    names = list(dict.fromkeys(dialects))
    strange = [name for name in names if name not in DIALECTS]
    if strange:
        raise ValueError(f"no shop speaks {', '.join(strange)}; there are: {', '.join(sorted(DIALECTS))}")
    seeds = tuple(listings) if listings is not None else craft_listings()
    return tuple(
        ShopSetup(
            profile=ShopProfile(
                name=name.replace("_", "-"),
                visibility_lag_s=1.0,
                request_horizon_s=3.0,
                quantity_mode="compare_and_set" if name == "shopify" else "set",
                quantity_kind="on_hand" if name == "medusa" else "available",
            ),
            token=f"token-{name.replace('_', '-')}",
            dialect=name,
            listings=seeds,
        )
        for name in names
    )
