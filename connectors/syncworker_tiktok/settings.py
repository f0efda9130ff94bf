"""What has to be known of a TikTok Shop account before it is opened? The app's keys, and facts somebody can prove.

The access token is no setting: it comes from the seller's consent (`syncworker channel connect`) and lives in the token
store. A fact that is left out counts at its pessimistic value.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, SecretStr

from syncworker.connector import Capabilities, ChannelSettings, Known, QuantityKind, QuantityMode
from syncworker_tiktok.product_settings import ProductSettings

#: Documented for every market (Partner Center, "methods and endpoints").
API_URL = "https://open-api.tiktokglobalshop.com"
AUTH_URL = "https://auth.tiktok-shops.com"
CONSENT_URL = "https://services.tiktokshop.com"
#: The larger numbers of the product tables are taken by creation alone; the update takes this one.
QUANTITY_MAX = 99_999
#: Together these tell everything that lowers or raises a number.
FEEDS = ("orders", "cancellations", "returns")


class TikTokSettings(ChannelSettings):
    """One account, as it stands in ``channels.toml``."""

    app_key: str = Field(min_length=1, description="Key of your app in the Partner Center")
    app_secret: SecretStr = Field(description="Secret of the same app")
    service_id: str | None = Field(
        default=None,
        description="Service id on the app's authorisation page, not the app key; needed to connect",
    )
    shop_id: str | None = Field(default=None, description="Which shop, where one consent covers several")
    shop_cipher: str | None = Field(
        default=None, description="The shop's cipher, instead of the one that the consent told"
    )
    warehouse_id: str | None = Field(
        default=None, description="The warehouse whose numbers are kept; needed where one SKU lies in several"
    )

    base_url: str = Field(default=API_URL, description="TikTok's API; another one for a sandbox")
    auth_url: str = Field(
        default=AUTH_URL, description="Where tokens are given; another address for a sandbox"
    )
    consent_url: str = Field(
        default=CONSENT_URL,
        description="Where you allow the app; https://services.us.tiktokshop.com for shops in the US",
    )

    products: ProductSettings | None = Field(
        default=None,
        description="What products that are listed from here need beside the catalogue; without it none is listed",
    )

    cancel_reason: str | None = Field(
        default=None,
        description="Code of the reason that TikTok is told when you cancel an order; left out: out of stock",
    )

    unpaid_counts_down: Known = Field(
        default=Known.UNKNOWN, description="Whether an order lowers the number before it is paid"
    )
    campaigns: Known = Field(
        default=Known.UNKNOWN,
        description="Whether units may be sold beside the number, in campaigns or by creators; no saves a look before each push",
    )
    restocks: Known = Field(
        default=Known.UNKNOWN, description="Whether cancelled units go on sale again by themselves"
    )
    restocks_returns: Known = Field(
        default=Known.UNKNOWN, description="Whether returned units go on sale again by themselves"
    )
    batch_max: int = Field(
        default=100,
        ge=1,
        le=600,
        description="Numbers handed over at once; they go out in one request a product",
    )
    page_size: int = Field(default=50, ge=10, le=100, description="Rows of a page; TikTok gives at most 100")
    rate_limits: tuple[str, ...] = Field(
        default=("3/second",),
        description='Our own pace, for instance ["3/second"]: TikTok publishes no quota, and brakes by 429',
    )

    def addresses(self) -> Mapping[str, str]:
        """The API, the tokens and the consent page have each their own."""
        return {"base_url": self.base_url, "auth_url": self.auth_url, "consent_url": self.consent_url}

    def capabilities(self) -> Capabilities:
        """What the pages of the Partner Center say, and what these settings add.

        Documented: a set of units that can be sold, 0 to 99,999, readable, no key against repeats. Not documented, so
        left open: every lag, and what becomes of cancelled and returned units.
        """
        documented = Capabilities(
            mode=QuantityMode.SET,
            kind=QuantityKind.AVAILABLE,
            floor=0,
            ceiling=QUANTITY_MAX,
            zero_is_quantity=True,
            readable=True,
            takes_orders=True,
            own_number=False,
            idempotency_s=0.0,
            batch_max=self.batch_max,
            feeds=FEEDS,
            publishes=self.products is not None,
            listing_fields=("price",),
        )
        return self.with_facts(documented)
