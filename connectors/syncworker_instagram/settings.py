"""What has to be known of a catalogue before it is opened? Ids, tokens, and the facts somebody can prove.

Without ``orders`` it is a catalogue: since on-platform checkout ended (September 2025) buyers leave for the seller's own
pages or write a message, so nothing can be ordered there.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from syncworker.connector import AccountSettings, Capabilities, QuantityKind, QuantityMode, Seconds

#: Records in one ``items_batch``. Documented are 5000 at most and a recommendation of fewer than 3000.
BATCH_MAX = 500
#: No bound is given for how long a batch may take to be applied [unsure]: this is ours.
HORIZON_S = 600.0


def _digits(value: object) -> object:
    """Meta's numbers are names: one written without quotes is meant all the same."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


NumericId = Annotated[str, BeforeValidator(_digits), Field(pattern=r"^[0-9]{1,32}$")]


class InstagramSettings(AccountSettings):
    """One catalogue, as it stands in ``channels.toml``."""

    catalog_id: NumericId = Field(
        description="The product catalogue's number, from the Commerce Manager's address"
    )
    access_token: SecretStr = Field(
        description="Token of a system user with catalog_management; one that never expires can be chosen"
    )
    app_secret: SecretStr | None = Field(
        default=None, description="Secret of your app: proves each request, and the sender of each webhook"
    )
    verify_token: SecretStr | None = Field(
        default=None,
        description="A word that you invent and type in beside the webhook's address: Meta shows it when it tries that address",
    )
    base_url: str = Field(
        default="https://graph.facebook.com", description="Meta's API; another one for a sandbox"
    )
    api_version: str = Field(
        default="v25.0", pattern=r"^v[0-9]{1,2}\.[0-9]$", description="Version of Meta's API"
    )

    orders: bool = Field(
        default=False,
        description="Whether the account still has the order API, a closed beta; needs cms_id and page_token",
    )
    cms_id: NumericId | None = Field(
        default=None, description="The commerce account's number, for the order API"
    )
    page_token: SecretStr | None = Field(
        default=None,
        description="Token of the Page, with the role EDITOR or above: the order API takes no other",
    )

    product_url: str | None = Field(
        default=None,
        description="Address of a product's page, with {sku} in it; without it nothing is published",
    )
    image_url: str | None = Field(
        default=None, description="Address of a product's picture, with {sku} in it"
    )
    brand: str | None = Field(
        default=None,
        max_length=100,
        description="The maker's name, shown with each product that is published",
    )

    batch_wait_s: Annotated[Seconds, Field(le=30)] = Field(
        default=20.0,
        description="Seconds to wait for a batch to be finished; one that is not counts as unknown",
    )
    horizon_s: Annotated[Seconds, Field(gt=0)] = Field(
        default=HORIZON_S, description="Seconds after which a request that left takes no effect any more"
    )
    visibility_lag_s: Seconds | None = Field(default=None, description="Seconds until an order is listed")
    read_lag_s: Seconds | None = Field(default=None, description="Seconds by which a read-back may be old")
    poll_s: Annotated[Seconds, Field(gt=0)] = Field(
        default=300.0, description="Seconds between two pulls of orders"
    )
    batch_limits: tuple[str, ...] = Field(
        default=("3/minute",), description='Our own limit for batches, for instance ["3/minute"]'
    )
    rate_limits: tuple[str, ...] = Field(
        default=("300/minute",), description='Our own limit for everything else, for instance ["300/minute"]'
    )

    @field_validator("access_token", "app_secret", "verify_token", "page_token")
    @classmethod
    def _fits_a_header(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            value = secret.get_secret_value()
            if not value or not (value.isascii() and value.isprintable()) or " " in value:
                raise ValueError("must be printable characters without blanks")
        return secret

    @field_validator("product_url", "image_url")
    @classmethod
    def _names_the_sku(cls, address: str | None) -> str | None:
        if address is not None and ("{sku}" not in address or not address.startswith("https://")):
            raise ValueError("must begin with https:// and hold {sku}")
        return address

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.orders and (self.cms_id is None or self.page_token is None):
            raise ValueError("orders = true needs cms_id and page_token")
        return self

    def capabilities(self) -> Capabilities:
        """The facts in the engine's words; what Meta does not document stays undeclared.

        The number is the one that we gave: what Meta subtracts for orders that wait is hidden, and comes back half an
        hour after they were acknowledged. So no order ever counts it down (see ``orders.py``).
        """
        return Capabilities(
            mode=QuantityMode.SET,
            kind=QuantityKind.AVAILABLE,
            floor=0,
            zero_is_quantity=True,
            readable=True,
            takes_orders=self.orders,
            own_number=False,
            visibility_lag_s=self.visibility_lag_s,
            apply_lag_s=0.0,
            read_lag_s=self.read_lag_s,
            horizon_s=self.horizon_s,
            idempotency_s=0.0,
            poll_s=self.poll_s,
            batch_max=BATCH_MAX,
            feeds=("waiting", "orders") if self.orders else (),
            publishes=self.product_url is not None and self.image_url is not None and self.brand is not None,
        )
