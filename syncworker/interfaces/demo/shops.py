"""Which places are there, and what is the engine told of each? Setups for the sandbox, a configuration for us.

Starts nothing: ``stage.py`` opens the shops and runs the engine on the configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from syncworker.connector.auth import Token
from syncworker.interfaces.demo.cast import FOUND_THERE, INSTAGRAM, PASAR, STALL, TIKTOK, TOKO
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import ShopAddress
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup
from syncworker.settings.writing import add_channel

#: What the shops declare of themselves: an order is listed after so many seconds, a request is forgotten after so many.
VISIBILITY_S, HORIZON_S = 1.0, 3.0
#: How often we ask a shop for its new orders, in seconds.
POLL_S = 2.0
#: How often the engine looks at what is due; small beside the poll.
TICK_S = 0.25
#: The shops' clocks are this computer's; TikTok Shop tells whole seconds.
CLOCK_SKEW_S, WHOLE_SECONDS_S = 0.5, 1.0

_MAIN = f"""\
# Written by `syncworker demo`. The same two files that `syncworker init` makes for your own shops.
database_url = "sqlite:///syncworker.db"
broker_url = "memory://"
tick_s = {TICK_S}
concurrency = 8
actor = "demo"
"""


def pretend_shops(goods: tuple[ListingSeed, ...]) -> tuple[ShopSetup, ...]:
    """The four that are programs of their own: two marketplaces, TikTok Shop with its goods at 0, Instagram's catalogue."""
    seller = replace(ShopProfile(name=PASAR), visibility_lag_s=VISIBILITY_S, request_horizon_s=HORIZON_S)
    profiles = {
        PASAR: replace(seller, quantity_mode="compare_and_set"),
        TOKO: replace(seller, name=TOKO, quantity_mode="delta"),
        TIKTOK: replace(seller, name=TIKTOK, quantity_mode="set", restocks_on_cancel="no"),
        INSTAGRAM: ShopProfile(name=INSTAGRAM, request_horizon_s=HORIZON_S),
    }
    dialects = {TIKTOK: "tiktok", INSTAGRAM: "instagram"}
    return tuple(
        ShopSetup(
            profile=profile,
            token=f"token-{name}",
            dialect=dialects.get(name, "marketplace"),
            listings=goods if name in FOUND_THERE else (),
        )
        for name, profile in profiles.items()
    )


def consent_of(shop: ShopAddress) -> Token:
    """What the seller's consent at TikTok Shop brings: a token, and the shop that it opens."""
    return Token(
        access=SecretStr(shop.token),
        refresh=SecretStr(f"refresh-{shop.name}"),
        facts={"shop_cipher": f"cipher-{shop.name}"},
    )


def told_id(shop: str, order_id: str) -> str:
    """The id that a shop tells us of an order which its own log calls ``order_id``: TikTok Shop has numbers."""
    from syncworker.sandbox.dialects import tiktok_ids

    return tiktok_ids.order_id(order_id) if shop == TIKTOK else order_id


def write_configuration(
    folder: Path, shops: Mapping[str, ShopAddress], profiles: Mapping[str, ShopProfile], *, policy: str
) -> Path:
    """``syncworker.toml`` and ``channels.toml`` below ``folder``, secrets in files of their own; where they stand."""
    config = folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "syncworker.toml").write_text(_MAIN, encoding="utf-8")
    for name in sorted(shops):
        connector, facts_of = _CONNECTORS.get(name, ("marketplace", _marketplace))
        facts = facts_of(config, shops[name], profiles[name])
        add_channel(config / "channels.toml", name, connector, {"policy": policy, **facts})
    add_channel(config / "channels.toml", STALL, "counter", {"policy": policy})
    return config


def _marketplace(config: Path, shop: ShopAddress, profile: ShopProfile) -> dict[str, object]:
    """What an owner would write who knows the shop well: exactly what the shop declares of itself."""
    return {
        "token": _secret(config, f"{shop.name}.token", shop.token),
        "base_url": shop.base_url,
        "allow_private_network": True,
        "quantity_mode": profile.quantity_mode,
        "quantity_kind": profile.quantity_kind,
        "below_zero": profile.below_zero,
        "floor": profile.floor,
        "readable": profile.readable,
        **_declared(profile, CLOCK_SKEW_S),
        "batch_max": profile.batch_max,
        "page_size": profile.page_size,
        "feeds": profile.feeds,
        "restocks": profile.restocks_on_cancel,
    }


def _tiktok(config: Path, shop: ShopAddress, profile: ShopProfile) -> dict[str, object]:
    """An app's keys; the token comes from the seller's consent (``consent_of``)."""
    return {
        "app_key": f"key-{shop.name}",
        "app_secret": _secret(config, f"{shop.name}.secret", f"secret-{shop.name}"),
        "base_url": shop.base_url,
        "auth_url": shop.base_url,
        "consent_url": shop.base_url,
        "allow_private_network": True,
        **_declared(profile, WHOLE_SECONDS_S),
        "unpaid_counts_down": "yes",
        "campaigns": "no",
        "restocks": profile.restocks_on_cancel,
        "restocks_returns": "no",
        # The pretend shop has no limit; TikTok itself tells none and brakes.
        "rate_limits": ["50/second"],
    }


def _instagram(config: Path, shop: ShopAddress, profile: ShopProfile) -> dict[str, object]:
    """A catalogue, with what it takes to publish there."""
    from syncworker.sandbox.dialects.instagram import catalog_id

    return {
        "catalog_id": catalog_id(shop.name),
        "access_token": _secret(config, f"{shop.name}.token", shop.token),
        "app_secret": _secret(config, f"{shop.name}.secret", f"secret-{shop.name}"),
        "base_url": shop.base_url,
        "allow_private_network": True,
        "product_url": "https://crafts.example/{sku}",
        "image_url": "https://crafts.example/{sku}.jpg",
        "brand": "Purbalingga",
        "visibility_lag_s": profile.visibility_lag_s,
        "read_lag_s": profile.read_lag_s,
        "horizon_s": profile.request_horizon_s,
        "batch_limits": ["20/second"],
        "rate_limits": ["50/second"],
    }


_CONNECTORS: Mapping[str, tuple[str, Callable[[Path, ShopAddress, ShopProfile], dict[str, object]]]] = {
    TIKTOK: ("tiktok", _tiktok),
    INSTAGRAM: ("instagram", _instagram),
}


def _declared(profile: ShopProfile, clock_skew_s: float) -> dict[str, object]:
    return {
        "visibility_lag_s": profile.visibility_lag_s,
        "apply_lag_s": profile.apply_lag_s,
        "read_lag_s": profile.read_lag_s,
        "horizon_s": profile.request_horizon_s,
        "clock_skew_s": clock_skew_s,
        "poll_s": POLL_S,
    }


def _secret(config: Path, file: str, value: str) -> dict[str, str]:
    """Written where its owner alone can read it; how the configuration refers to it."""
    path = config / file
    path.touch(mode=0o600)
    path.write_text(value + "\n", encoding="utf-8")
    return {"file": file}
