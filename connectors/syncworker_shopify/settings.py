"""What has to be known of a Shopify shop before it is opened? Its name, a token or an app's keys, and facts somebody can prove.

A fact that is left out counts at its pessimistic value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field, SecretStr, field_validator

from syncworker.connector import Capabilities, ChannelSettings, QuantityKind, QuantityMode, Seconds

#: Shopify's own bound (INVALID_QUANTITY_TOO_HIGH above it).
QUANTITY_MAX = 1_000_000_000
FEEDS = ("orders",)
SCOPES = (
    "read_products",
    "write_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_orders",
)
#: How late the search index behind the order filter may be is not documented; it is to be overlapped by 5 min or more.
VISIBILITY_LAG_S = 300.0
_DOMAIN = ".myshopify.com"


class ShopifySettings(ChannelSettings):
    """One account, as it stands in ``channels.toml``."""

    #: ``my-shop`` or ``my-shop.myshopify.com``.
    shop: str
    #: Of an app made for this shop alone; without it the account is connected by consent.
    token: SecretStr | None = None
    #: The app's client id and secret: for the consent, and the secret for webhooks.
    client_id: str | None = None
    client_secret: SecretStr | None = None
    #: The one before, for an hour after it was replaced: old signatures still come.
    client_secret_before: SecretStr | None = None
    scopes: tuple[str, ...] = SCOPES

    #: The location whose numbers are kept; may be left out where the shop has only one.
    location_id: str | None = Field(default=None, pattern=r"^[0-9]{1,20}$")
    #: In a shop with several locations: every order takes its units from ours.
    orders_leave_from_here: bool = False
    #: Leave out orders of Shopify's test payments; as it stands they hold goods like others.
    skip_test_orders: bool = False
    #: An order that is cancelled here is paid back to where the money came from.
    cancel_refunds: bool = True
    cancel_notifies: bool = True

    api_version: str = Field(default="2026-10", pattern=r"^20[0-9]{2}-(01|04|07|10)$")
    #: Another address than ``https://SHOP.myshopify.com``, for a sandbox.
    base_url: str = ""

    visibility_lag_s: Seconds | None = VISIBILITY_LAG_S
    #: How long a repeated key is honoured; Shopify does not say.
    idempotency_s: Seconds | None = None
    #: Numbers of one request; each costs 10 of at most 1,000 points.
    batch_max: int = Field(default=25, ge=1, le=90)
    #: Orders of one page; each costs about 42 points.
    orders_page: int = Field(default=20, ge=1, le=23)
    #: Variants of one page; each costs about 6 points.
    listings_page: int = Field(default=100, ge=1, le=150)
    #: Fetch the listings by one bulk operation instead of by pages: for shops with tens of thousands of variants.
    bulk_listings: bool = False
    #: Our own pace beside Shopify's points, which are kept to anyway.
    rate_limits: tuple[str, ...] = ()

    @field_validator("shop")
    @classmethod
    def _shop_name(cls, shop: str) -> str:
        name = shop.strip().lower().removeprefix("https://").rstrip("/").removesuffix(_DOMAIN)
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name):
            raise ValueError("must look like my-shop or my-shop.myshopify.com, not the shop's own domain")
        return name

    def addresses(self) -> Mapping[str, str]:
        """The shop's own, unless another one is given."""
        return {"base_url": self.address}

    @property
    def domain(self) -> str:
        """The shop's name at Shopify, as its webhooks and its consent tell it."""
        return self.shop + _DOMAIN

    @property
    def address(self) -> str:
        """Where its requests go."""
        return self.base_url.rstrip("/") or f"https://{self.domain}"

    def capabilities(self) -> Capabilities:
        """What Shopify documents, and what these settings add.

        Documented: units that can be sold, compared before they are set, 0 to 1,000,000,000, readable. Not documented:
        every lag, and how long a key against repeats is honoured.
        """
        documented = Capabilities(
            mode=QuantityMode.COMPARE_AND_SET,
            kind=QuantityKind.AVAILABLE,
            floor=0,
            ceiling=QUANTITY_MAX,
            zero_is_quantity=True,
            readable=True,
            takes_orders=True,
            own_number=False,
            idempotency_s=self.idempotency_s,
            batch_max=self.batch_max,
            feeds=FEEDS,
            publishes=True,
        )
        return self.with_facts(documented)
