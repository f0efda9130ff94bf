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

    #: Of the app in the Partner Center.
    app_key: str = Field(min_length=1)
    app_secret: SecretStr
    #: Of the same app, on its authorisation page; needed to connect, and not the app key.
    service_id: str | None = None
    #: Which shop, where one consent covers several.
    shop_id: str | None = None
    #: Instead of what the consent told.
    shop_cipher: str | None = None
    #: The warehouse whose numbers are kept, where goods lie in several.
    warehouse_id: str | None = None

    base_url: str = API_URL
    auth_url: str = AUTH_URL
    #: ``https://services.us.tiktokshop.com`` for shops in the US.
    consent_url: str = CONSENT_URL

    #: What its category, brand and parcel are, for products that are listed from here; without it none is.
    products: ProductSettings | None = None

    #: The code of a reason that TikTok knows, told when an order is cancelled here; left out: out of stock.
    cancel_reason: str | None = None

    #: Whether an order lowers the number before it is paid.
    unpaid_counts_down: Known = Known.UNKNOWN
    #: Whether units may be sold beside the number, in campaigns or by creators; ``no`` saves a look at them before each push.
    campaigns: Known = Known.UNKNOWN
    #: Whether cancelled units go on sale again by themselves.
    restocks: Known = Known.UNKNOWN
    #: The same of returned ones.
    restocks_returns: Known = Known.UNKNOWN
    #: Numbers handed over at once; they go out in one request a product.
    batch_max: int = Field(default=100, ge=1, le=600)
    #: TikTok takes up to 100; its limit is documented for orders and products.
    page_size: int = Field(default=50, ge=10, le=100)
    #: Our own pace: TikTok publishes no quota, and brakes by 429.
    rate_limits: tuple[str, ...] = ("3/second",)

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
