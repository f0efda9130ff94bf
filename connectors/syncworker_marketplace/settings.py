"""What has to be known of a marketplace before it is opened? Address, token, and the facts somebody can prove.

Every fact is optional: one that is left out counts at its pessimistic value, and `channel check` shows it as assumed.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from syncworker.connector import BelowZero, Capabilities, Known, QuantityKind, QuantityMode

#: The wire's word beside ours, where they differ.
_MODES = {"delta": "adjust"}
_BELOW_ZERO = {"refuse": "refuses", "clamp": "clamps"}

Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


def _translated(words: dict[str, str]) -> BeforeValidator:
    return BeforeValidator(lambda value: words.get(value, value) if isinstance(value, str) else value)


class MarketplaceSettings(BaseModel):
    """One account, as it stands in ``channels.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: For instance ``https://shop.example/my-shop/v1``; plain http only in a private network.
    base_url: str
    token: SecretStr
    allow_private_network: bool = False

    quantity_mode: Annotated[QuantityMode, _translated(_MODES)] = QuantityMode.SET
    quantity_kind: QuantityKind = QuantityKind.AVAILABLE
    below_zero: Annotated[BelowZero, _translated(_BELOW_ZERO)] | None = None
    floor: int | None = Field(default=None, ge=0)
    ceiling: int | None = Field(default=None, ge=0)
    readable: bool | None = None
    visibility_lag_s: Seconds | None = None
    apply_lag_s: Seconds | None = None
    read_lag_s: Seconds | None = None
    horizon_s: Annotated[Seconds, Field(gt=0)] | None = None
    clock_skew_s: Seconds | None = None
    #: Counts only where ``batch_max`` is 1: the key covers a whole batch, and a repeat may be batched otherwise.
    idempotency_s: Seconds | None = None
    poll_s: Annotated[Seconds, Field(gt=0)] | None = None
    batch_max: int | None = Field(default=None, ge=1, le=1000)
    page_size: int | None = Field(default=None, ge=1, le=1000)
    #: ``single``: the order feed tells of cancellations too. Left out: both feeds are read.
    feeds: Literal["single", "split"] | None = None
    #: Whether cancelled and returned units go on sale again by themselves, where an order does not tell.
    restocks: Known = Known.UNKNOWN
    #: Our own rate limit, for instance ``["10/second", "1000/hour"]``.
    rate_limits: tuple[str, ...] = ()

    @field_validator("token")
    @classmethod
    def _token_fits_a_header(cls, token: SecretStr) -> SecretStr:
        value = token.get_secret_value()
        if not value or not (value.isascii() and value.isprintable()) or " " in value:
            raise ValueError("must be printable characters without blanks")
        return token

    @model_validator(mode="after")
    def _address_is_safe(self) -> MarketplaceSettings:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("base_url must look like https://shop.example/v1, without password or query")
        if parts.scheme == "http" and not self.allow_private_network:
            raise ValueError("base_url must begin with https://, or the token travels in the clear")
        return self

    def capabilities(self) -> Capabilities:
        """The declared facts in the engine's words."""
        return Capabilities(
            mode=self.quantity_mode,
            kind=self.quantity_kind,
            below_zero=self.below_zero,
            floor=self.floor,
            ceiling=self.ceiling,
            zero_is_quantity=None if self.floor is None else self.floor == 0,
            readable=self.readable,
            takes_orders=True,
            own_number=False,
            visibility_lag_s=self.visibility_lag_s,
            apply_lag_s=self.apply_lag_s,
            read_lag_s=self.read_lag_s,
            horizon_s=self.horizon_s,
            clock_skew_s=self.clock_skew_s,
            idempotency_s=self.idempotency_s if (self.batch_max or 1) == 1 else 0.0,
            poll_s=self.poll_s,
            batch_max=self.batch_max,
            feeds=("orders",) if self.feeds == "single" else ("orders", "cancellations"),
            publishes=True,
        )
