"""What has to be known of a Shopee account before it is opened? The app's keys, and facts somebody can prove.

The access token is no setting: it comes from the seller's consent (`syncworker channel connect`) and lives in the token
store. A fact that is left out counts at its pessimistic value.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from syncworker.connector import Capabilities, ChannelSettings, Known, QuantityKind, QuantityMode
from syncworker_shopee.item_settings import ItemSettings

#: For every market but those that have a host of their own: Brazil, and sellers in mainland China.
API_URL = "https://partner.shopeemobile.com"
#: Together these tell everything that lowers or raises a number.
FEEDS = ("orders", "returns")

Id = Annotated[int, Field(gt=0, lt=2**63)]


class ShopeeSettings(ChannelSettings):
    """One account, as it stands in ``channels.toml``."""

    partner_id: Id = Field(description="Partner id of your app in the Open Platform's console")
    partner_key: SecretStr = Field(description="Partner key of the same app")
    shop_id: Id | None = Field(
        default=None, description="Which shop, where it is not the one that the consent told"
    )
    location_id: str | None = Field(
        default=None,
        min_length=1,
        pattern="^[^/]+$",
        description="The warehouse whose numbers are kept; needed where one model lies in several",
    )

    base_url: str = Field(
        default=API_URL,
        description="Shopee's API; another one for Brazil, for sellers in mainland China, and for a sandbox",
    )

    cancel_reason: Literal["OUT_OF_STOCK", "CUSTOMER_REQUEST", "UNDELIVERABLE_AREA", "COD_NOT_SUPPORTED"] = (
        Field(
            default="OUT_OF_STOCK",
            description="What Shopee is told when you cancel an order without naming one of its reasons",
        )
    )

    items: ItemSettings | None = Field(
        default=None,
        description="What items that are listed from here need beside the catalogue; without it none is listed",
    )

    unpaid_counts_down: Known = Field(
        default=Known.UNKNOWN, description="Whether an order lowers the number before it is paid"
    )
    restocks: Known = Field(
        default=Known.UNKNOWN, description="Whether cancelled units go on sale again by themselves"
    )
    restocks_returns: Known = Field(
        default=Known.UNKNOWN, description="Whether returned units go on sale again by themselves"
    )
    batch_max: int = Field(
        default=50,
        ge=1,
        le=500,
        description="Numbers handed over at once; they go out in one request an item",
    )
    page_size: int = Field(default=50, ge=1, le=100, description="Orders of a page; Shopee gives at most 100")
    items_page_size: int = Field(
        default=20,
        ge=1,
        le=50,
        description="Items of a page of listings; each that has variants costs a request of its own",
    )
    rate_limits: tuple[str, ...] = Field(
        default=("10/second",),
        description='Our own pace, for instance ["10/second"]: Shopee publishes no quota a second',
    )

    def capabilities(self) -> Capabilities:
        """What Shopee's reference says, and what these settings add.

        Documented: a set of the seller's own units without condition or key against repeats, readable, 0 allowed unless
        a promotion holds units. Not documented, so left open: every lag, a ceiling, what becomes of cancelled units.
        """
        documented = Capabilities(
            mode=QuantityMode.SET,
            kind=QuantityKind.AVAILABLE,
            floor=0,
            zero_is_quantity=True,
            readable=True,
            takes_orders=True,
            own_number=False,
            idempotency_s=0.0,
            batch_max=self.batch_max,
            feeds=FEEDS,
            publishes=self.items is not None,
            listing_fields=("price", "active"),
        )
        return self.with_facts(documented)
