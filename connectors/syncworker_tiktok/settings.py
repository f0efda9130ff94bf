"""What has to be known of a TikTok Shop account before it is opened? The app's keys, and facts somebody can prove.

The access token is no setting: it comes from the seller's consent (`syncworker channel connect`) and lives in the token
store. A fact that is left out counts at its pessimistic value.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from syncworker.connector import Capabilities, Known, QuantityKind, QuantityMode

#: Documented for every market (Partner Center, "methods and endpoints").
API_URL = "https://open-api.tiktokglobalshop.com"
AUTH_URL = "https://auth.tiktok-shops.com"
CONSENT_URL = "https://services.tiktokshop.com"
#: The larger numbers of the product tables are taken by creation alone; the update takes this one.
QUANTITY_MAX = 99_999
#: Together these tell everything that lowers or raises a number.
FEEDS = ("orders", "cancellations", "returns")

Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class TikTokSettings(BaseModel):
    """One account, as it stands in ``channels.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    allow_private_network: bool = False

    #: The code of a reason that TikTok knows, told when an order is cancelled here; left out: out of stock.
    cancel_reason: str | None = None

    #: Whether an order lowers the number before it is paid.
    unpaid_counts_down: Known = Known.UNKNOWN
    #: Whether cancelled units go on sale again by themselves.
    restocks: Known = Known.UNKNOWN
    #: The same of returned ones.
    restocks_returns: Known = Known.UNKNOWN
    visibility_lag_s: Seconds | None = None
    apply_lag_s: Seconds | None = None
    read_lag_s: Seconds | None = None
    horizon_s: Annotated[Seconds, Field(gt=0)] | None = None
    clock_skew_s: Seconds | None = None
    poll_s: Annotated[Seconds, Field(gt=0)] | None = None
    #: Numbers handed over at once; they go out in one request a product.
    batch_max: int = Field(default=100, ge=1, le=600)
    #: TikTok takes up to 100; its limit is documented for orders and products.
    page_size: int = Field(default=50, ge=10, le=100)
    #: Our own pace: TikTok publishes no quota, and brakes by 429.
    rate_limits: tuple[str, ...] = ("3/second",)

    @field_validator("app_secret")
    @classmethod
    def _secret_is_there(cls, secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().strip():
            raise ValueError("must not be empty")
        return secret

    @model_validator(mode="after")
    def _addresses_are_safe(self) -> TikTokSettings:
        for name in ("base_url", "auth_url", "consent_url"):
            parts = urlsplit(getattr(self, name))
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
                raise ValueError(f"{name} must look like {API_URL}, without password or query")
            if parts.scheme == "http" and not self.allow_private_network:
                raise ValueError(f"{name} must begin with https://, or the token travels in the clear")
        return self

    def capabilities(self) -> Capabilities:
        """What the pages of the Partner Center say, and what these settings add.

        Documented: a set of units that can be sold, 0 to 99,999, readable, no key against repeats. Not documented, so
        left open: every lag, and what becomes of cancelled and returned units.
        """
        return Capabilities(
            mode=QuantityMode.SET,
            kind=QuantityKind.AVAILABLE,
            floor=0,
            ceiling=QUANTITY_MAX,
            zero_is_quantity=True,
            readable=True,
            takes_orders=True,
            own_number=False,
            visibility_lag_s=self.visibility_lag_s,
            apply_lag_s=self.apply_lag_s,
            read_lag_s=self.read_lag_s,
            horizon_s=self.horizon_s,
            clock_skew_s=self.clock_skew_s,
            idempotency_s=0.0,
            poll_s=self.poll_s,
            batch_max=self.batch_max,
            feeds=FEEDS,
            publishes=False,
            listing_fields=("price",),
        )
