"""Which keys does a manifest have? The whole of it: one TOML file that connects a marketplace without code."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from syncworker.connector.declarative.content_tables import PublishSpec, UpdateSpec
from syncworker.connector.declarative.fields import Strict
from syncworker.connector.declarative.operations import (
    CheckSpec,
    ListingsSpec,
    OrderCall,
    PushSpec,
    ReadSpec,
    completed,
)
from syncworker.connector.declarative.order_tables import FeedSpec, OrderSpec
from syncworker.connector.declarative.parts import ErrorsSpec, PaceSpec, RateSpec
from syncworker.connector.declarative.proofs import Auth, WebhookSpec
from syncworker.connector.declarative.template import Template

#: The version of this language; a manifest for another one is refused.
MANIFEST_VERSION = 1

SettingType = Literal["text", "secret", "url", "int", "number", "seconds", "flag", "choice", "texts", "table"]


class SettingSpec(Strict):
    """One thing that the seller has to tell in ``channels.toml``."""

    type: SettingType = Field(
        default="text",
        description="text, secret, url (https, or http in a private network), int, number, seconds, flag, choice, texts (a list), table (names to texts)",
    )
    default: Any = Field(
        default=None, description="Instead of nothing; one without a default is needed unless optional"
    )
    optional: bool = Field(default=False, description="May be left out, and is null then")
    choices: tuple[str, ...] = Field(default=(), description="Of a choice: the words it may be")
    words: dict[str, str] = Field(default={}, description="Other spellings, as ours")
    at_least: float | None = Field(default=None, description="Of a number: the smallest")
    at_most: float | None = Field(default=None, description="Of a number: the largest")
    above: float | None = Field(default=None, description="Of a number: it has to be more")
    pattern: str | None = Field(
        default=None, description="Of a text: a regular expression that has to fit the whole of it"
    )
    help: str = Field(default="", description="What it is, for people")
    sample: Any = Field(default=None, description="For the dry run, where there is no default")

    @model_validator(mode="after")
    def _choices_where_they_belong(self) -> SettingSpec:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("type = 'choice' and choices belong together")
        return self


class CapabilitiesSpec(Strict):
    """What the channel is known to do, by the names of the contract's ``Capabilities``. Leave out what nobody can prove.

    A value is a literal, ``${setting}`` or an expression on ``cfg``.
    """

    mode: Template = Field(default=Template("set"), description="set, adjust or compare_and_set")
    kind: Template = Field(description="available or on_hand; a wrong guess oversells")
    below_zero: Template | None = Field(default=None, description="refuses, clamps or negative")
    floor: Template | None = Field(default=None, description="Smallest number it shows")
    ceiling: Template | None = Field(default=None, description="Largest number it takes")
    zero_is_quantity: Template | None = Field(default=None, description="Whether 0 can be sent as a quantity")
    readable: Template | None = Field(default=None, description="Whether its number can be read back")
    takes_orders: Template | None = Field(default=None, description="Whether buyers order there")
    visibility_lag_s: Template | None = Field(default=None, description="Seconds until an order is listed")
    apply_lag_s: Template | None = Field(
        default=None, description="Seconds from an answer until the number is in force"
    )
    read_lag_s: Template | None = Field(default=None, description="Seconds by which a read-back may be old")
    horizon_s: Template | None = Field(
        default=None, description="Seconds after which a request takes no effect any more"
    )
    clock_skew_s: Template | None = Field(default=None, description="Seconds by which its clock may be wrong")
    idempotency_s: Template | None = Field(
        default=None, description="Seconds for which a repeated key is honoured"
    )
    poll_s: Template | None = Field(default=None, description="Seconds between two pulls")
    batch_max: Template | None = Field(
        default=None, description="Quantities in one call; without it that of [push.batch]"
    )


class PriceSpec(Strict):
    """How prices are sent."""

    write: Literal["string", "number", "minor_units"] = Field(
        default="string", description="As text, number or in cents"
    )
    decimals: int = Field(
        default=2, ge=0, le=4, description="Places behind the point, for number and minor_units"
    )


class Sample(Strict):
    """A recorded answer, scrubbed. The manifest is tried on it whenever it is loaded."""

    of: str = Field(
        description="check, listings, read, push, publish, or a feed's name; push.job and push.report for jobs"
    )
    answer: str | None = Field(default=None, description="The answer's body")
    file: str | None = Field(default=None, description="Instead of answer: a file beside the manifest")
    status: int = Field(default=200, description="Its HTTP status")
    rows: int | None = Field(default=None, description="Rows that have to come out")
    route: int | None = Field(default=None, description="Of a push or read with routes: which one, from 0 on")

    @model_validator(mode="after")
    def _one_source(self) -> Sample:
        if (self.answer is None) == (self.file is None):
            raise ValueError("needs either answer or file")
        return self


class Manifest(Strict):
    """A marketplace, described."""

    manifest: Literal[1] = Field(description="Version of this language")
    name: str = Field(
        pattern="^[a-z][a-z0-9_]{0,39}$", description="The connector's name, as in channels.toml"
    )
    title: str = Field(description="What it connects, for people")
    base_url: str = Field(description="Every path begins here; usually a setting")
    headers: dict[str, Template] = Field(default={}, description="Sent with every request")
    query: dict[str, Template] = Field(default={}, description="Sent with every request")
    settings: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], SettingSpec] = Field(
        default={}, description="What the seller has to tell"
    )
    auth: tuple[Auth, ...] = Field(
        default=(), description="How requests prove who sends them; several are applied in order"
    )
    statuses: dict[
        Annotated[str, Field(pattern="^[1-5][0-9][0-9]$")],
        Literal["retry_later", "misconfigured", "refused", "unknown"],
    ] = Field(default={}, description="What a status means, where it differs from the common table")
    errors: ErrorsSpec = Field(default=ErrorsSpec(), description="What errors mean")
    rate: RateSpec | None = Field(default=None, description="What it tells of its limits")
    timeout_s: float | None = Field(
        default=None,
        gt=0,
        le=20,
        allow_inf_nan=False,
        description="Seconds that one request may take, its answer's last byte included; never more than the horizon allows",
    )
    pace: PaceSpec | None = Field(
        default=None, description="How often it may be called, all operations together"
    )
    key_parts: tuple[str, ...] = Field(
        default=(), description="Names of the parts of a pool's and listing's key, for requests"
    )
    key_separator: str = Field(default="/", min_length=1, description="Between the parts")
    capabilities: CapabilitiesSpec = Field(description="What the channel is known to do")
    price: PriceSpec = Field(default=PriceSpec(), description="How prices are sent")
    check: CheckSpec = Field(description="Proves that address and credentials work")
    order: OrderSpec | None = Field(default=None, description="One order, for all feeds")
    feeds: tuple[FeedSpec, ...] = Field(default=(), description="Feeds of orders")
    listings: ListingsSpec = Field(description="Everything that is listed")
    read: ReadSpec | None = Field(default=None, description="Reads numbers back")
    push: PushSpec | None = Field(default=None, description="Sends numbers")
    publish: PublishSpec | None = Field(default=None, description="Lists a product")
    updates: tuple[UpdateSpec, ...] = Field(default=(), description="Changes listings")
    acknowledge: OrderCall | None = Field(default=None, description="Takes note of orders")
    cancel: OrderCall | None = Field(default=None, description="Cancels an order")
    webhook: WebhookSpec | None = Field(default=None, description="Hears the channel call")
    samples: tuple[Sample, ...] = Field(default=(), description="Recorded answers for the dry run")

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("auth"), dict):
            value = {**value, "auth": [value["auth"]]}
        feeds = value.get("feeds")
        return value if not isinstance(feeds, list) else {**value, "feeds": _like(feeds)}

    @model_validator(mode="after")
    def _complete(self) -> Manifest:
        names = [feed.name for feed in self.feeds]
        if len(set(names)) < len(names):
            raise ValueError("feeds: two have the same name")
        for feed in self.feeds:
            if feed.order is None and self.order is None:
                raise ValueError(f"order: is missing, and feed {feed.name!r} has none of its own")
        if len(self.auth) > 1 and any(one.type == "none" for one in self.auth):
            raise ValueError("auth: none stands beside another one")
        return self


def _like(feeds: list[object]) -> list[object]:
    """The feeds with what they take over from an earlier one."""
    done: dict[object, dict[str, object]] = {}
    found: list[object] = []
    for feed in feeds:
        if not isinstance(feed, dict):
            found.append(feed)
            continue
        base = done.get(feed.get("like"), {})
        whole = completed(
            {key: one for key, one in base.items() if key not in {"like", "when", "name"}}, feed
        )
        if isinstance(whole, dict):
            done[whole.get("name")] = whole
        found.append(whole)
    return found
