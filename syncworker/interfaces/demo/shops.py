"""Which three shops are there, and what is the engine told of them? Setups for the sandbox, a configuration for us.

Starts nothing: ``stage.py`` opens the shops and runs the engine on the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from syncworker.sandbox.process import ShopAddress
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup, builtin_shops
from syncworker.settings.writing import add_channel

#: How often we ask a shop for its new orders, in seconds.
POLL_S = 2.0
#: How often the engine looks at what is due; small beside the poll.
TICK_S = 0.25
#: The shops' clocks are this computer's.
CLOCK_SKEW_S = 0.5

_MAIN = f"""\
# Written by `syncworker demo`. The same two files that `syncworker init` makes for your own shops.
database_url = "sqlite:///syncworker.db"
broker_url = "memory://"
tick_s = {TICK_S}
concurrency = 8
actor = "demo"
"""


def empty_shops() -> tuple[ShopSetup, ...]:
    """The sandbox's own three, with nothing listed yet: one only takes numbers, one compares, one adds and subtracts."""
    return builtin_shops(listings=())


def write_configuration(
    folder: Path, shops: Mapping[str, ShopAddress], profiles: Mapping[str, ShopProfile], *, policy: str
) -> Path:
    """``syncworker.toml`` and ``channels.toml`` below ``folder``, tokens in files of their own; where they stand."""
    config = folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "syncworker.toml").write_text(_MAIN, encoding="utf-8")
    for name in sorted(shops):
        token = config / f"{name}.token"
        token.touch(mode=0o600)
        token.write_text(shops[name].token + "\n", encoding="utf-8")
        facts = {"policy": policy, "token": {"file": token.name}, **_facts(shops[name], profiles[name])}
        add_channel(config / "channels.toml", name, "marketplace", facts)
    return config


def _facts(shop: ShopAddress, profile: ShopProfile) -> dict[str, object]:
    """What an owner would write who knows the shop well: exactly what the shop declares of itself."""
    return {
        "base_url": shop.base_url,
        "allow_private_network": True,
        "quantity_mode": profile.quantity_mode,
        "quantity_kind": profile.quantity_kind,
        "below_zero": profile.below_zero,
        "floor": profile.floor,
        "readable": profile.readable,
        "visibility_lag_s": profile.visibility_lag_s,
        "apply_lag_s": profile.apply_lag_s,
        "read_lag_s": profile.read_lag_s,
        "horizon_s": profile.request_horizon_s,
        "clock_skew_s": CLOCK_SKEW_S,
        "poll_s": POLL_S,
        "batch_max": profile.batch_max,
        "page_size": profile.page_size,
        "feeds": profile.feeds,
        "restocks": profile.restocks_on_cancel,
    }
