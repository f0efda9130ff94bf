"""What has to be known of a Shopee account before it is opened? The app's keys, and facts somebody can prove.

The access token is no setting: it comes from the seller's consent (`syncworker channel connect`) and lives in the token
store. A fact that is left out counts at its pessimistic value.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from syncworker.connector import Capabilities, Known, QuantityKind, QuantityMode

#: For every market but those that have a host of their own: Brazil, and sellers in mainland China.
API_URL = "https://partner.shopeemobile.com"
#: Together these tell everything that lowers or raises a number.
FEEDS = ("orders", "returns")

Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Id = Annotated[int, Field(gt=0, lt=2**63)]


class ShopeeSettings(BaseModel):
    """One account, as it stands in ``channels.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Of the app in the Open Platform's console.
    partner_id: Id
    partner_key: SecretStr
    #: Which shop, where it is not the one that the consent told.
    shop_id: Id | None = None
    #: The warehouse whose numbers are kept, where the seller has several.
    location_id: str | None = Field(default=None, min_length=1, pattern="^[^/]+$")

    base_url: str = API_URL
    allow_private_network: bool = False

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
    visibility_lag_s: Seconds | None = None
    apply_lag_s: Seconds | None = None
    read_lag_s: Seconds | None = None
    horizon_s: Annotated[Seconds, Field(gt=0)] | None = None
    clock_skew_s: Seconds | None = None
    poll_s: Annotated[Seconds, Field(gt=0)] | None = None
    #: Numbers handed over at once; they go out in one request an item.
    batch_max: int = Field(default=50, ge=1, le=500)
    #: Orders of a page. Shopee gives at most 100.
    page_size: int = Field(default=50, ge=1, le=100)
    #: Items of a page of listings; each that has variants costs a request of its own.
    items_page_size: int = Field(default=20, ge=1, le=50)
    #: Our own pace: Shopee publishes no quota a second.
    rate_limits: tuple[str, ...] = ("10/second",)

    @field_validator("partner_key")
    @classmethod
    def _secret_is_there(cls, secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().strip():
            raise ValueError("must not be empty")
        return secret

    @model_validator(mode="after")
    def _address_is_safe(self) -> ShopeeSettings:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError(f"base_url must look like {API_URL}, without password or query")
        if parts.scheme == "http" and not self.allow_private_network:
            raise ValueError("base_url must begin with https://, or the token travels in the clear")
        return self

    def capabilities(self) -> Capabilities:
        """What Shopee's reference says, and what these settings add.

        Documented: a set of the seller's own units without condition or key against repeats, readable, 0 allowed unless
        a promotion holds units. Not documented, so left open: every lag, a ceiling, what becomes of cancelled units.
        """
        return Capabilities(
            mode=QuantityMode.SET,
            kind=QuantityKind.AVAILABLE,
            floor=0,
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
            listing_fields=("price", "active"),
        )
