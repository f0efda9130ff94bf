"""What has every account to tell, whatever the channel? Where it is, its secrets, and the facts that somebody can prove.

A model to build on: a connector adds what is its own. A fact that is left out counts at its pessimistic value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from syncworker.connector.contract import Capabilities

#: A span that a person may declare, at most a day.
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class AccountSettings(BaseModel):
    """Secrets are not empty, and no address gives one away."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(description="Where the channel's API is")
    allow_private_network: bool = Field(
        default=False,
        description="Whether addresses in a private network are allowed, and http:// to them: for a sandbox",
    )

    def addresses(self) -> Mapping[str, str]:
        """The addresses that requests go to, by the setting that gives them."""
        return {"base_url": self.base_url}

    @classmethod
    def own(cls, settings: BaseModel) -> Self:
        """``settings`` as this connector's own, which they are once they were validated."""
        if not isinstance(settings, cls):
            raise TypeError(f"expected {cls.__name__}, not {type(settings).__name__}")
        return settings

    @field_validator("*")
    @classmethod
    def _secrets_are_there(cls, value: object) -> object:
        if isinstance(value, SecretStr) and not value.get_secret_value().strip():
            raise ValueError("must not be empty")
        return value

    @model_validator(mode="after")
    def _addresses_are_safe(self) -> Self:
        for name, address in self.addresses().items():
            parts = urlsplit(address)
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
                raise ValueError(f"{name} must look like https://api.shop.example, without password or query")
            if parts.scheme == "http" and not self.allow_private_network:
                raise ValueError(f"{name} must begin with https://, or secrets travel in the clear")
        return self


class ChannelSettings(AccountSettings):
    """An account at a channel that documents none of its lags: whoever can prove one declares it."""

    visibility_lag_s: Seconds | None = Field(default=None, description="Seconds until an order is listed")
    apply_lag_s: Seconds | None = Field(
        default=None, description="Seconds from an answer until the number is in force"
    )
    read_lag_s: Seconds | None = Field(default=None, description="Seconds by which a read-back may be old")
    horizon_s: Annotated[Seconds, Field(gt=0)] | None = Field(
        default=None, description="Seconds after which a request that left takes no effect any more"
    )
    clock_skew_s: Seconds | None = Field(
        default=None, description="Seconds by which the channel's clock may be wrong"
    )
    poll_s: Annotated[Seconds, Field(gt=0)] | None = Field(
        default=None, description="Seconds between two pulls of orders"
    )

    def with_facts(self, documented: Capabilities) -> Capabilities:
        """What the channel documents, and these facts."""
        return replace(
            documented,
            visibility_lag_s=self.visibility_lag_s,
            apply_lag_s=self.apply_lag_s,
            read_lag_s=self.read_lag_s,
            horizon_s=self.horizon_s,
            clock_skew_s=self.clock_skew_s,
            poll_s=self.poll_s,
        )
