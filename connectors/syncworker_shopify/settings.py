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

    shop: str = Field(description="The shop's name at Shopify, my-shop or my-shop.myshopify.com")
    token: SecretStr | None = Field(
        default=None,
        description="Token of an app made for this shop alone; without it the account is connected by consent",
    )
    client_id: str | None = Field(default=None, description="Client id of the app, for the consent")
    client_secret: SecretStr | None = Field(
        default=None, description="Secret of the app, for the consent and to know Shopify's webhooks by"
    )
    client_secret_before: SecretStr | None = Field(
        default=None,
        description="The secret before, for an hour after you replaced it: old signatures still come",
    )
    scopes: tuple[str, ...] = Field(default=SCOPES, description="What the consent asks for")

    location_id: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,20}$",
        description="The location whose numbers are kept, digits only; needed where the shop has several",
    )
    orders_leave_from_here: bool = Field(
        default=False,
        description="In a shop with several locations: whether every order takes its units from this one",
    )
    skip_test_orders: bool = Field(
        default=False,
        description="Whether orders of Shopify's test payments are left out; else they hold goods like others",
    )
    cancel_refunds: bool = Field(
        default=True, description="Whether an order that you cancel is paid back to where the money came from"
    )
    cancel_notifies: bool = Field(
        default=True, description="Whether the buyer of an order that you cancel is told"
    )

    api_version: str = Field(
        default="2026-10",
        pattern=r"^20[0-9]{2}-(01|04|07|10)$",
        description="Version of Shopify's API, 2026-01 or later",
    )
    base_url: str = Field(
        default="", description="Another address than https://SHOP.myshopify.com, for a sandbox"
    )

    visibility_lag_s: Seconds | None = Field(
        default=VISIBILITY_LAG_S, description="Seconds until an order is listed"
    )
    idempotency_s: Seconds | None = Field(
        default=None, description="Seconds for which a repeated key is honoured; Shopify does not say"
    )
    batch_max: int = Field(
        default=25, ge=1, le=90, description="Numbers of one request; each costs 10 of at most 1,000 points"
    )
    orders_page: int = Field(
        default=20, ge=1, le=23, description="Orders of a page; each costs about 42 points"
    )
    listings_page: int = Field(
        default=100, ge=1, le=150, description="Variants of a page; each costs about 6 points"
    )
    bulk_listings: bool = Field(
        default=False,
        description="Whether listings are fetched by one bulk operation: for shops with tens of thousands of variants",
    )
    rate_limits: tuple[str, ...] = Field(
        default=(), description="A pace of our own beside Shopify's points, which are kept to anyway"
    )

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
