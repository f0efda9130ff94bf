"""Which keys do a manifest's operations have? Listings, numbers, pushes and the rest of the contract, but for orders."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from syncworker.connector.declarative.expression import Expression
from syncworker.connector.declarative.fields import FieldSpec, Strict
from syncworker.connector.declarative.parts import (
    BatchSpec,
    IdempotencySpec,
    NoPages,
    Paginate,
    RequestSpec,
    ToldSeconds,
)


class ListingSpec(Strict):
    """One listing."""

    id: FieldSpec = Field(description="id of the listing, as order lines name it")
    pool: FieldSpec = Field(description="id of the number it sells from")
    sku: FieldSpec | None = Field(default=None, description="nullable text")
    title: FieldSpec | None = Field(default=None, description="optional text")
    price: FieldSpec | None = Field(default=None, description="optional money")
    active: FieldSpec | None = Field(
        default=None, description="flag; words may translate the channel's states to true and false"
    )
    quantity: FieldSpec | None = Field(
        default=None, description="optional signed: the number, in the channel's own kind"
    )
    reserved: FieldSpec | None = Field(default=None, description="optional int: units sold and not shipped")


class ChildrenSpec(Strict):
    """Rows that a second call tells, the variations of a product for instance."""

    when: Expression = Field(description="On a row: whether it has children; it is then no listing itself")
    request: RequestSpec = Field(description="Knows parent, page, offset, cursor, size")
    paginate: Paginate = Field(default=NoPages(), description="How it goes on")
    items: Expression = Field(
        default=Expression.parse("@"), description="The rows; each knows its parent as `parent`"
    )


class ListingsSpec(Strict):
    """Everything that is listed."""

    request: RequestSpec = Field(description="Knows page, offset, cursor, size")
    paginate: Paginate = Field(default=NoPages(), description="How it goes on")
    items: Expression = Field(description="The rows in an answer")
    when: Expression | None = Field(
        default=None, description="Rows for which it is not true are none of our listings"
    )
    listing: ListingSpec = Field(description="One row")
    children: ChildrenSpec | None = Field(default=None, description="Rows that need a call of their own")


class ReadRoute(Strict):
    """How numbers are read back."""

    when: Expression | None = Field(default=None, description="On an item: whether this route is for it")
    request: RequestSpec = Field(description="Knows items, and each item's parts")
    batch: BatchSpec = Field(default=BatchSpec(), description="How many in one request")
    items: Expression = Field(description="The rows in an answer")
    key: FieldSpec = Field(description="id in a row that says which item it is of")
    of: str = Field(default="pool", description="The item's part that the key is compared with")
    absent: Expression | None = Field(
        default=None, description="On a row: the channel does not know this pool"
    )
    quantity: FieldSpec = Field(description="signed: the number in the channel's own kind")
    reserved: FieldSpec | None = Field(
        default=None, description="int: units sold and not shipped; needed where on hand is counted"
    )
    missing: Literal["not_read", "not_there"] = Field(
        default="not_read", description="What a pool that the answer leaves out is"
    )
    skip: Expression | None = Field(
        default=None, description="On a row: it tells no number; the pool counts as not read"
    )
    absent_if: Expression | None = Field(
        default=None, description="On {status, body}: the channel knows none of the pools that were asked for"
    )
    none_if: Expression | None = Field(
        default=None, description="On {status, body}: the channel lets no number be read at all"
    )


class ReadSpec(ReadRoute):
    """How numbers are read back; routes differ from it for some items."""

    routes: tuple[ReadRoute, ...] = Field(
        default=(), description="Tried first, in order; keys not given are this table's"
    )

    @model_validator(mode="before")
    @classmethod
    def _complete_routes(cls, value: object) -> object:
        return with_routes(value)


class CsvSpec(Strict):
    """A report file."""

    request: RequestSpec = Field(description="Knows job")
    when: Expression | None = Field(default=None, description="On the job's state: whether there is one")
    delimiter: str = Field(default=";", min_length=1, max_length=1, description="Between its columns")
    has_heading: bool = Field(default=True, description="Whether its first row names the columns")
    line: int | None = Field(default=0, description="Column of the line's number in the file that was sent")
    first_line: int = Field(default=2, description="Number of the first item's line (1 is the heading)")
    key: int | None = Field(default=None, description="Instead of line: column of the item's part `of`")
    of: str = Field(default="pool", description="With key: the item's part that it is compared with")
    message: int = Field(default=1, description="Column of the reason; -1 is the last one")


class JobSpec(Strict):
    """A push that is worked off later: asked after until it is done, for as long as one call may take."""

    id: FieldSpec = Field(description="id of the job in the answer")
    request: RequestSpec = Field(description="Asks for its state; knows job")
    every_s: ToldSeconds = Field(
        default=2.0, description="Seconds between two questions; a number or a setting"
    )
    wait_s: ToldSeconds = Field(
        default=30.0, description="Seconds after which each item's outcome is unknown; a number or a setting"
    )
    state: Expression = Field(description="The state's word")
    done: tuple[str, ...] = Field(
        description="Words of a job that has ended well or with errors in its report"
    )
    failed: tuple[str, ...] = Field(default=(), description="Words of a job that surely applied nothing")
    unclear: tuple[str, ...] = Field(
        default=(), description="Words of a job that has ended without a proof of anything: unknown at once"
    )
    errors: Expression | None = Field(
        default=None,
        description="Number of items that failed; unless that is all of them, the report has to name them",
    )
    successes: Expression | None = Field(
        default=None,
        description="Number of items that are applied; if some are in neither number, nobody knows which",
    )
    report: CsvSpec | None = Field(default=None, description="The file that names the items that failed")


class ResultSpec(Strict):
    """What became of each item. Whatever is not told definitely is unknown."""

    whole: bool = Field(default=False, description="A 2xx says it of all items together")
    items: Expression | None = Field(default=None, description="A row for each item")
    failures: Expression | None = Field(
        default=None, description="A row for each item that failed; the others are applied"
    )
    successes: Expression | None = Field(
        default=None, description="With failures: a row for each applied item; one in neither list is unknown"
    )
    error_map: Expression | None = Field(
        default=None,
        description="An object of key to messages; a key that is not in it, or has none, is applied",
    )
    key: FieldSpec | None = Field(default=None, description="id in a row that says which item it is of")
    of: str = Field(default="pool", description="The item's part that the key is compared with")
    ok: Expression | None = Field(default=None, description="On a row: it is applied")
    failed: Expression | None = Field(
        default=None, description="On a row: its code counts; without it, every row that is not ok"
    )
    code: Expression | None = Field(default=None, description="On a row: the channel's code")
    message: Expression | None = Field(default=None, description="On a row: the channel's words")
    codes: dict[str, Literal["refused", "stale", "gone", "invalid", "unknown"]] = Field(
        default={}, description="Definite refusals by code, before the manifest's error rules"
    )
    otherwise: Literal["unknown", "refused", "invalid"] = Field(
        default="unknown",
        description="What a failed item without a known code is; refused only if that is documented",
    )
    echo: FieldSpec | None = Field(
        default=None, description="nullable signed: the number the channel has now"
    )
    current: FieldSpec | None = Field(
        default=None, description="optional signed: with stale, the number it has instead"
    )
    least: FieldSpec | None = Field(
        default=None,
        description="optional signed: of a refused lowering, the smallest number that is taken now (a campaign holds the rest); "
        "of an accepted 0, what stays on sale beside it",
    )

    @model_validator(mode="after")
    def _one_shape(self) -> ResultSpec:
        shapes = (self.whole or None, self.items, self.failures, self.error_map)
        if sum(shape is not None for shape in shapes) != 1:
            raise ValueError("needs exactly one of whole, items, failures and error_map")
        if (self.items or self.failures) and self.key is None:
            raise ValueError("needs key, to know which item a row is of")
        if self.items is not None and self.ok is None:
            raise ValueError("needs ok, to know which rows are applied")
        return self


class PushRoute(Strict):
    """How numbers are sent."""

    when: Expression | None = Field(default=None, description="On an item: whether this route is for it")
    request: RequestSpec = Field(
        description="Knows items, item, now; an item has pool, quantity, delta, expected, key and the key's parts"
    )
    batch: BatchSpec = Field(default=BatchSpec(), description="How many in one request")
    idempotency: IdempotencySpec | None = Field(default=None, description="Where the key of a repeat stands")
    result: ResultSpec | None = Field(default=None, description="What became of each item, in the answer")
    job: JobSpec | None = Field(default=None, description="Where the answer is only that of a job")
    replaces_object: bool = Field(
        default=False, description="The endpoint resets what is left out; never allowed for a push"
    )

    @model_validator(mode="after")
    def _tells_an_outcome(self) -> PushRoute:
        if (self.result is None) == (self.job is None):
            raise ValueError("needs either result or job")
        if self.replaces_object:
            raise ValueError("a request that replaces the whole object may not send a quantity")
        return self


class PushSpec(PushRoute):
    """How numbers are sent; routes differ from it for some items."""

    routes: tuple[PushRoute, ...] = Field(
        default=(), description="Tried first, in order; keys not given are this table's"
    )

    @model_validator(mode="before")
    @classmethod
    def _complete_routes(cls, value: object) -> object:
        return with_routes(value)


class OrderCall(Strict):
    """A call about one order, harmless to repeat."""

    enabled: Expression | None = Field(
        default=None, description="On {cfg}: if it is not true, nothing is fetched and nothing is sent"
    )
    fetch: RequestSpec | None = Field(default=None, description="Reads the order first, as order.doc")
    when: Expression | None = Field(
        default=None, description="On {order, cfg}: whether it has to be sent at all"
    )
    request: RequestSpec = Field(description="Knows order (id, and doc if it was fetched), ids, reason")
    max: int = Field(default=1, ge=1, description="Orders in one call")


class CheckSpec(Strict):
    """Proves that address and credentials work."""

    request: RequestSpec = Field(description="A call without effect")
    name: FieldSpec | None = Field(default=None, description="text: what the channel calls the account")
    currency: FieldSpec | None = Field(default=None, description="optional currency")
    facts: Expression | None = Field(default=None, description="An object of facts, shown to people")
    same: dict[str, str] = Field(default={}, description="Fact to the setting that should say the same")
    words: dict[str, str] = Field(default={}, description="The channel's words as the settings have them")


def with_routes(value: object) -> object:
    """A table whose ``routes`` got every key that they do not give themselves."""
    if not isinstance(value, dict) or not isinstance(value.get("routes"), list):
        return value
    base = {key: one for key, one in value.items() if key not in {"routes", "when"}}
    return {**value, "routes": [completed(base, route) for route in value["routes"]]}


#: Of these two a route has one: its own wins.
_RIVALS = {"job": "result", "result": "job"}


def completed(base: dict[str, object], over: object) -> object:
    """``over`` with the keys of ``base`` that it has not; of the request, too, it may give a part."""
    if not isinstance(over, dict):
        return over
    kept = {key: one for key, one in base.items() if _RIVALS.get(key) not in over}
    first, second = kept.get("request"), over.get("request")
    request = {**first, **second} if isinstance(first, dict) and isinstance(second, dict) else second or first
    return {**kept, **over, **({} if request is None else {"request": request})}
