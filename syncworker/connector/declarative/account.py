"""What has the seller told? The settings of a manifest as a pydantic model, and as values that its texts can name.

Secrets reach requests alone: an expression never sees one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    create_model,
    model_validator,
)

from syncworker.connector.answers import Json
from syncworker.connector.auth import Value
from syncworker.connector.declarative.expression import SETTING, with_settings
from syncworker.connector.declarative.manifest import SettingSpec

#: Settings that every manifest has.
COMMON = ("allow_private_network", "rate_limits")


class DeclaredSettings(BaseModel):
    """One account, as it stands in ``channels.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    #: Names of the settings that are addresses.
    addresses: ClassVar[tuple[str, ...]] = ()

    allow_private_network: bool = Field(
        default=False, description="Whether the shop stands in a private network"
    )
    rate_limits: tuple[str, ...] = Field(
        default=(), description='Our own rate limit, for instance ["10/second", "1000/hour"]'
    )

    @model_validator(mode="after")
    def _addresses_are_safe(self) -> DeclaredSettings:
        for name in self.addresses:
            address: str | None = getattr(self, name)
            problem = (
                None if address is None else address_problem(address, private=self.allow_private_network)
            )
            if problem is not None:
                raise ValueError(f"{name} {problem}")
        return self


def address_problem(address: str, *, private: bool) -> str | None:
    """Why an address may not be called; ``None`` if it may."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        return "must look like https://shop.example/v1, without password or query"
    if parts.scheme == "http" and not private:
        return "must begin with https://, or the token travels in the clear"
    return None


def settings_model(name: str, specs: Mapping[str, SettingSpec]) -> type[DeclaredSettings]:
    """The pydantic model of these settings: unknown keys are refused, secrets are ``SecretStr``."""
    fields: dict[str, Any] = {
        key: _field(spec) for key, spec in specs.items()
    }  # Any: as create_model takes them
    model = create_model(f"{name.title().replace('_', '')}Settings", __base__=DeclaredSettings, **fields)
    model.addresses = tuple(key for key, spec in specs.items() if spec.type == "url")
    model.__doc__ = DeclaredSettings.__doc__
    return model


def _field(spec: SettingSpec) -> tuple[Any, Any]:  # Any: a type and pydantic's own description of a field
    kind = _kind(spec)
    if spec.words:
        kind = Annotated[
            kind,
            BeforeValidator(lambda value: spec.words.get(value, value) if isinstance(value, str) else value),
        ]
    if spec.optional:
        return kind | None, Field(default=spec.default, description=spec.help)
    if spec.default is None:
        return kind, Field(description=spec.help)
    return kind, Field(default=spec.default, description=spec.help, validate_default=True)


def _kind(spec: SettingSpec) -> Any:  # Any: a type
    bounds = {"ge": spec.at_least, "le": spec.at_most, "gt": spec.above}
    limits = Field(**{name: value for name, value in bounds.items() if value is not None})  # type: ignore[call-overload]  # bounds by name
    if spec.type == "choice":
        return Literal[spec.choices]
    kinds: dict[str, Any] = {
        "text": Annotated[str, Field(min_length=1, pattern=_whole(spec.pattern))],
        "url": str,
        "secret": Annotated[SecretStr, AfterValidator(_fits_a_header)],
        "int": Annotated[int, limits],
        "number": Annotated[float, Field(allow_inf_nan=False), limits],
        "seconds": Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False), limits],
        "flag": bool,
        "texts": tuple[str, ...],
        "table": dict[str, str],
    }
    return kinds[spec.type]


def _whole(pattern: str | None) -> str | None:
    return None if pattern is None else f"^(?:{pattern})$"


def _fits_a_header(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not value or not (value.isascii() and value.isprintable()) or " " in value:
        raise ValueError("must be printable characters without blanks")
    return secret


@dataclass(frozen=True, slots=True)
class Account:
    """The values of one account's settings, by name."""

    #: As JSON has them; secrets in plain, for requests alone.
    values: Mapping[str, Json]
    secrets: frozenset[str]

    @classmethod
    def of(cls, settings: BaseModel) -> Account:
        """Of a validated model."""
        values: dict[str, Json] = {}
        secrets = set()
        for name in type(settings).model_fields:
            value = getattr(settings, name)
            if isinstance(value, SecretStr):
                secrets.add(name)
                value = value.get_secret_value()
            values[name] = _json(value)
        return cls(values, frozenset(secrets))

    @property
    def open_values(self) -> dict[str, Json]:
        """Those that are no secret, for expressions."""
        return {name: value for name, value in self.values.items() if name not in self.secrets}

    def text(self, template: str) -> str:
        """``template`` with its settings filled in, secrets in plain."""
        value = with_settings(template, self.values)
        return "" if value is None else str(value)

    def value(self, template: str) -> Value:
        """The same, secret if one of the settings in it is."""
        text = self.text(template)
        return SecretStr(text) if self.is_secret(template) else text

    def is_secret(self, template: str) -> bool:
        """Whether a secret is named in it."""
        return any(match[1] in self.secrets for match in SETTING.finditer(template))


def _json(value: object) -> Json:
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, tuple | list):
        return [_json(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _json(one) for name, one in value.items()}
    return value if isinstance(value, bool | int | str | None) else str(value)


def dry_value(name: str, spec: SettingSpec) -> object:
    """A value for the dry run, where nobody has told one."""
    if spec.sample is not None:
        return spec.sample
    if spec.default is not None:
        return spec.default
    if spec.optional:
        return None
    samples: dict[str, object] = {
        "url": "https://shop.example/api",
        "secret": f"sample-{name}",
        "int": int(spec.at_least or 1),
        "number": spec.at_least or 1,
        "seconds": spec.at_least or 1,
        "flag": False,
        "texts": [],
        "table": {},
        "choice": spec.choices[0] if spec.choices else "",
    }
    return samples.get(spec.type, f"sample_{name}")
