"""How does a seller reach a pretend shop? What ``channel add`` says for each wire format that the sandbox speaks."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from syncworker.interfaces.language import N_

if TYPE_CHECKING:
    from syncworker.sandbox.setup import ShopSetup

#: What must be known before the printed commands are typed.
NOTES: Mapping[str, str] = {
    "instagram": N_("A catalogue takes no orders: each product there is only shown as in or out of stock."),
}


def commands(setup: ShopSetup, base_url: str) -> list[str]:
    """The commands that add the shop, in order, as they are typed."""
    name = setup.profile.name
    values = {**_settings(setup, base_url), "allow_private_network": "true"}
    pairs = " ".join(f"--set {shlex.quote(f'{key}={value}')}" for key, value in values.items())
    add = f"syncworker channel add {name} --connector {_connector(setup)} {pairs}"
    return [add, *_consent(setup)]


def _consent(setup: ShopSetup) -> list[str]:
    """Where a person has to agree before the shop can be called: the command, with the answer of a person who did."""
    name = setup.profile.name
    connect = f"syncworker channel connect {name} --answer "
    if setup.dialect == "tiktok":
        return [connect + f"code-{name}"]
    if setup.dialect == "shopee":
        from syncworker.sandbox.dialects.shopee_ids import shop_id

        return [connect + shlex.quote(f"http://127.0.0.1:8765/?code=code-{name}&shop_id={shop_id(name)}")]
    return []


def _connector(setup: ShopSetup) -> str:
    return setup.dialect.removesuffix("_orders")


def _settings(setup: ShopSetup, base_url: str) -> dict[str, str]:
    name = setup.profile.name
    key, secret = f"key-{name}", f"secret-{name}"
    at = {"base_url": base_url}
    match setup.dialect:
        case "channelengine":
            return at | {"key": key, "stock_location_id": "1"}
        case "instagram" | "instagram_orders":
            return at | _instagram(setup)
        case "medusa":
            return at | {"secret_key": secret, "location_id": f"sloc_{name}", "counts_down": "yes"}
        case "mirakl":
            return at | {"key": key, "import_interval_s": "0", "status_interval_s": "1"}
        case "shopee":
            from syncworker.sandbox.dialects.shopee_ids import PARTNER_ID

            return at | {"partner_id": str(PARTNER_ID), "partner_key": secret}
        case "shopify":
            return at | {"shop": name, "client_id": key, "client_secret": secret, "token": setup.token}
        case "tiktok":
            pages = {"auth_url": base_url, "consent_url": base_url}
            return at | pages | {"app_key": key, "app_secret": secret, "service_id": "7000"}
        case "woocommerce":
            return at | {"key": key, "secret": secret}
    return at | {"token": setup.token, "quantity_mode": _mode(setup), "readable": "true"}


def _mode(setup: ShopSetup) -> str:
    """What the shop calls a delta, the contract calls adjust."""
    return "adjust" if setup.profile.quantity_mode == "delta" else setup.profile.quantity_mode


def _instagram(setup: ShopSetup) -> dict[str, str]:
    from syncworker.sandbox.dialects.instagram import catalog_id, cms_id

    name = setup.profile.name
    account = {
        "catalog_id": catalog_id(name),
        "access_token": setup.token,
        "app_secret": f"secret-{name}",
    }
    if setup.dialect == "instagram":
        return account
    return account | {"orders": "true", "cms_id": cms_id(name), "page_token": f"page-token-{name}"}
