"""What has to be known of a Shopee account before it is opened? The app's keys, and facts somebody can prove.

The access token is no setting: it comes from the seller's consent (`syncworker channel connect`) and lives in the token
store. A fact that is left out counts at its pessimistic value.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from syncworker.connector import Capabilities, ChannelSettings, Known, QuantityKind, QuantityMode

#: For every market but those that have a host of their own: Brazil, and sellers in mainland China.
API_URL = "https://partner.shopeemobile.com"
#: Together these tell everything that lowers or raises a number.
FEEDS = ("orders", "returns")

Id = Annotated[int, Field(gt=0, lt=2**63)]


class ShopeeSettings(ChannelSettings):
    """One account, as it stands in ``channels.toml``."""

    #: Of the app in the Open Platform's console.
    partner_id: Id
    partner_key: SecretStr
    #: Which shop, where it is not the one that the consent told.
    shop_id: Id | None = None
    #: The warehouse whose numbers are kept, where the seller has several.
    location_id: str | None = Field(default=None, min_length=1, pattern="^[^/]+$")

    base_url: str = API_URL

    #: What is told when an order is cancelled here, unless the person names one of Shopee's reasons.
    cancel_reason: Literal["OUT_OF_STOCK", "CUSTOMER_REQUEST", "UNDELIVERABLE_AREA", "COD_NOT_SUPPORTED"] = (
        "OUT_OF_STOCK"
    )

    #: Whether an order lowers the number before it is paid.
    unpaid_counts_down: Known = Known.UNKNOWN
    #: Whether cancelled units go on sale again by themselves.
    restocks: Known = Known.UNKNOWN
    #: The same of returned ones.
    restocks_returns: Known = Known.UNKNOWN
    #: Numbers handed over at once; they go out in one request an item.
    batch_max: int = Field(default=50, ge=1, le=500)
    #: Orders of a page. Shopee gives at most 100.
    page_size: int = Field(default=50, ge=1, le=100)
    #: Items of a page of listings; each that has variants costs a request of its own.
    items_page_size: int = Field(default=20, ge=1, le=50)
    #: Our own pace: Shopee publishes no quota a second.
    rate_limits: tuple[str, ...] = ("10/second",)

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
            publishes=False,
            listing_fields=("price", "active"),
        )
        return self.with_facts(documented)
