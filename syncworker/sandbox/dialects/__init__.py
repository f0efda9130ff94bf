"""Which wire formats can the sandbox speak? All dialects by name."""

from __future__ import annotations

from collections.abc import Mapping

from syncworker.sandbox.dialects.channelengine import CHANNELENGINE
from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.dialects.instagram import INSTAGRAM, INSTAGRAM_ORDERS
from syncworker.sandbox.dialects.marketplace import MARKETPLACE
from syncworker.sandbox.dialects.medusa import MEDUSA
from syncworker.sandbox.dialects.mirakl import MIRAKL
from syncworker.sandbox.dialects.shopee import SHOPEE
from syncworker.sandbox.dialects.shopify import SHOPIFY
from syncworker.sandbox.dialects.tiktok import TIKTOK
from syncworker.sandbox.dialects.woocommerce import WOOCOMMERCE

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        MARKETPLACE,
        CHANNELENGINE,
        INSTAGRAM,
        INSTAGRAM_ORDERS,
        MEDUSA,
        MIRAKL,
        SHOPEE,
        SHOPIFY,
        TIKTOK,
        WOOCOMMERCE,
    )
}

__all__ = ["DIALECTS", "MARKETPLACE", "Dialect"]
