"""Which keys do the requests, pages, limits and errors of a manifest have? The parts that every operation is made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from syncworker.connector.declarative.expression import Expression, Settings, with_settings
from syncworker.connector.declarative.fields import FieldSpec, Strict
from syncworker.connector.declarative.template import Template

Path = Annotated[str, Field(pattern=r"^/[^?#\s]*$|^$")]
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
#: Seconds, or ``${setting}``.
ToldSeconds = Seconds | Annotated[str, Field(pattern=r"^\$\{[a-z][a-z0-9_]*\}$")]


def seconds_told(value: float | str | None, settings: Settings) -> float | None:
    """The seconds that a manifest gives, itself or by a setting."""
    told = with_settings(value, settings) if isinstance(value, str) else value
    return float(told) if isinstance(told, int | float | Decimal) else None


class PaceSpec(Strict):
    """How often an operation may be called, whatever the channel answers. Counted for all workers together."""

    min_interval_s: ToldSeconds | None = Field(
        default=None, description="Seconds between two calls at least; a number or a setting"
    )
    per_s: int | None = Field(default=None, ge=1, description="Calls in any second at most")
    per_minute: int | None = Field(default=None, ge=1, description="Calls in any minute at most")
    per_day: int | None = Field(default=None, ge=1, description="Calls in any day at most")

    def allowances(self, settings: Settings) -> tuple[str, ...]:
        """In the limiter's words."""
        given = ((self.per_s, "second"), (self.per_minute, "minute"), (self.per_day, "day"))
        found = [f"{count}/{unit}" for count, unit in given if count is not None]
        interval_s = seconds_told(self.min_interval_s, settings)
        if interval_s:
            found.append(f"1/{max(1, round(interval_s + 0.499))}second")
        return tuple(found)


class RequestSpec(Strict):
    """One request."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(default="GET", description="HTTP method")
    path: Path = Field(description="From base_url on; {places} are filled in and quoted")
    query: dict[str, Template] = Field(
        default={}, description="A null leaves the name out, a list repeats it"
    )
    headers: dict[str, Template] = Field(default={}, description="Beside those of the manifest")
    body: Template | None = Field(default=None, description="What is sent, for json, form and xml")
    encode: Literal["json", "form", "xml", "csv", "multipart_csv"] = Field(
        default="json", description="How the body is written"
    )
    columns: dict[str, Expression] | None = Field(
        default=None, description="For csv and multipart_csv: heading to an expression on the item"
    )
    delimiter: str = Field(
        default=",", min_length=1, max_length=1, description="Between the columns of a CSV"
    )
    field: str = Field(default="file", description="For multipart_csv: the form field of the file")
    filename: str = Field(default="quantities.csv", description="For multipart_csv: the file's name")
    root: str = Field(default="Request", description="For xml: the outermost element")
    drop_nulls: bool = Field(default=False, description="Leave out what is null, instead of sending null")
    pace: PaceSpec | None = Field(default=None, description="How often it may be called")

    @model_validator(mode="after")
    def _columns_where_they_belong(self) -> RequestSpec:
        if self.encode in {"csv", "multipart_csv"} and not self.columns:
            raise ValueError(f"encode = {self.encode!r} needs columns")
        if self.columns and self.encode not in {"csv", "multipart_csv"}:
            raise ValueError("columns need encode = 'csv' or 'multipart_csv'")
        return self


Then = Literal[
    "retry",
    "retry_once",
    "renew_auth",
    "split",
    "stale",
    "gone",
    "invalid",
    "refused",
    "quota_day",
    "fatal",
    "done",
    "unknown",
]


class ErrorRule(Strict):
    """What one kind of error means. The first rule that fits decides."""

    status: int | tuple[int, ...] | None = Field(default=None, description="HTTP status, one or several")
    code: str | tuple[str, ...] | None = Field(
        default=None, description="The channel's own code, one or several"
    )
    message: str | None = Field(
        default=None, description="A regular expression that its text has to match somewhere"
    )
    then: Then = Field(
        description="retry, retry_once (the second time it is refused), renew_auth, split (halve the batch), "
        "stale (the expected number is not there any more), gone and invalid (refused, parked for a person), refused, "
        "quota_day (nothing more today), fatal (the configuration is wrong), done (it was so already), unknown"
    )
    before_effect: bool = Field(
        default=False,
        description="For retry, retry_once, quota_day and renew_auth on a write: the channel surely answers so before any effect",
    )

    @model_validator(mode="after")
    def _fits_something(self) -> ErrorRule:
        if self.status is None and self.code is None and self.message is None:
            raise ValueError("needs a status, a code or a message to fit")
        return self


class ErrorsSpec(Strict):
    """Where an error tells what it is, and what that means."""

    ok: Expression | None = Field(
        default=None,
        description="Must be true of every answer with 2xx; otherwise it is an error all the same",
    )
    code: Expression = Field(default=Expression.parse("code"), description="The channel's code")
    message: Expression = Field(default=Expression.parse("message"), description="The channel's words")
    rules: tuple[ErrorRule, ...] = Field(default=(), description="Ordered; the first that fits decides")


class CostSpec(Strict):
    """What a request costs where calls have prices, as the answers tell it. A call waits until its last price is there."""

    requested: Expression = Field(
        description="On the answer: what this call cost; null where it does not tell"
    )
    available: Expression = Field(description="On the answer: what is left")
    restore: Expression = Field(description="On the answer: what comes back in a second")


class RateSpec(Strict):
    """What the channel tells of its limits, in headers or answers."""

    remaining: str | None = Field(default=None, description="Header: calls that are left; at 0 we wait")
    reset: str | None = Field(default=None, description="Header: when there are new ones")
    reset_unit: Literal["s", "ms", "epoch_s", "epoch_ms"] = Field(
        default="s", description="How reset is written"
    )
    retry_after: str | None = Field(
        default=None, description="Header beside Retry-After that asks to be left alone"
    )
    retry_after_unit: Literal["s", "ms"] = Field(default="s", description="How retry_after is written")
    cost: CostSpec | None = Field(default=None, description="Prices of calls, in the answers")
    concurrency: int | None = Field(
        default=None, ge=1, description="Calls on their way at once at most, of all workers together"
    )


class NoPages(Strict):
    """Everything in one answer."""

    style: Literal["none"] = "none"


class ByPage(Strict):
    """Numbered pages. Each is proven by asking for the one before it again: rows that moved are not missed."""

    style: Literal["page"]
    start: int = Field(default=1, ge=0, le=1, description="Number of the first page")
    size: int | None = Field(default=None, ge=1, description="Rows of a full page; fewer are the last page")
    total: Expression | None = Field(default=None, description="Rows in all")
    pages: Expression | None = Field(default=None, description="Pages in all")
    more: Expression | None = Field(default=None, description="If it is not true, this was the last page")
    pages_header: str | None = Field(default=None, description="Header that tells the pages in all")

    @model_validator(mode="after")
    def _has_an_end(self) -> ByPage:
        if not any((self.size, self.pages, self.more, self.pages_header)):
            raise ValueError("needs size, pages, more or pages_header to know the last page")
        return self


class ByOffset(Strict):
    """Rows from a position on; each page begins with the last row of the one before."""

    style: Literal["offset"]
    size: int = Field(ge=2, description="Rows of a full page")
    total: Expression | None = Field(default=None, description="Rows in all")


class ByCursor(Strict):
    """The answer names the next page."""

    style: Literal["cursor"]
    next: FieldSpec = Field(description="Where the answer names it; null or an empty text on the last page")
    more: Expression | None = Field(default=None, description="If it is not true, this was the last page")


class ByLink(Strict):
    """A Link header names the next page, on the same host."""

    style: Literal["link_header"]
    rel: str = Field(default="next", description="The relation that names it")


class ByUrl(Strict):
    """The answer holds the next page's address, on the same host."""

    style: Literal["next_url"]
    next: FieldSpec = Field(description="Where the answer holds it; null on the last page")


class ByKey(Strict):
    """Rows in ascending order of a time: the next page begins at the last row's. ``since`` and ``page`` tell where.

    Only for feeds sorted by their ``updated``.
    """

    style: Literal["keyset"]
    size: int = Field(ge=2, description="Rows of a full page; fewer are the last page")
    step_back_s: Seconds = Field(
        default=1.0, description="Seconds that the next page reaches back, for times of coarse resolution"
    )
    pages_header: str | None = Field(
        default=None,
        description="Header that tells the pages in all: where it is given, a page with too few rows is the last only if it says so",
    )


Paginate = Annotated[
    NoPages | ByPage | ByOffset | ByCursor | ByLink | ByUrl | ByKey, Field(discriminator="style")
]


class TimeSpec(Strict):
    """How a feed is asked for what changed."""

    format: str = Field(
        default="iso",
        description="Of since, until and now: iso (with offset and microseconds), unix_s, unix_ms, rfc2822, or a strftime pattern in UTC",
    )
    overlap_s: Seconds = Field(
        default=0.0, description="Seconds asked for again, because the bound is exclusive, coarse or late"
    )
    max_window_s: Seconds | None = Field(
        default=None,
        gt=0,
        description="The longest span the channel answers; longer ones are walked window by window",
    )


class BatchSpec(Strict):
    """How many items go into one request."""

    max: Template | None = Field(default=None, description="Items at most; a number or a setting")
    max_bytes: int | None = Field(default=None, ge=100, description="Bytes of the body at most")
    group_by: str | None = Field(
        default=None, description="Part of the key that all items of a request share"
    )
    atomic: bool = Field(
        default=False,
        description="All or nothing: a definite refusal applied nothing, so the batch is halved",
    )


class IdempotencySpec(Strict):
    """Where the key stands under which a repeat has no second effect."""

    header: str | None = Field(default=None, description="Name of the header")
    query: str | None = Field(default=None, description="Name of the query parameter")
    body: str | None = Field(default=None, description="Name of the body's field")

    @model_validator(mode="after")
    def _one_place(self) -> IdempotencySpec:
        if sum(place is not None for place in (self.header, self.query, self.body)) != 1:
            raise ValueError("needs exactly one of header, query and body")
        return self
