"""Which keys do a manifest's orders and feeds have?"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from syncworker.connector.declarative.expression import Expression
from syncworker.connector.declarative.fields import FieldSpec, Strict
from syncworker.connector.declarative.parts import NoPages, Paginate, RequestSpec, TimeSpec


class JoinSpec(Strict):
    """Rows of the order that belong to one of its lines, refunds for instance: put into the line."""

    path: Expression = Field(description="The rows, from the order on")
    rows: Expression | None = Field(
        default=None, description="On such a row: the rows inside it that are meant; each sees it as `parent`"
    )
    key: Expression = Field(description="On a row: the line's id")
    of: Expression = Field(description="On a line: its id, as key has it")
    into: str = Field(pattern="^[a-z][a-z0-9_]*$", description="Name under which a line has its rows")


class LineSpec(Strict):
    """The lines of an order."""

    path: Expression = Field(description="The list of lines, from the order on")
    when: Expression | None = Field(
        default=None, description="Lines for which it is not true are none of ours"
    )
    with_order: bool = Field(
        default=False,
        description="Whether each line, and each row that is joined to it, sees its order as `order`",
    )
    join: JoinSpec | None = Field(default=None, description="Rows of the order that belong to the line")
    id: FieldSpec = Field(description="id, unique in its order")
    same_id: Literal["refuse", "number"] = Field(
        default="refuse",
        description="What lines with one id are: a mistake, or lines that are told apart by their order (id, id#2, ...)",
    )
    listing: FieldSpec | None = Field(default=None, description="nullable id: the listing that was sold")
    sku: FieldSpec | None = Field(default=None, description="nullable text: the SKU as the channel has it")
    ordered: FieldSpec = Field(description="int: units ever ordered, cancelled ones included")
    cancelled: FieldSpec | None = Field(default=None, description="nullable int; null: another feed tells it")
    shipped: FieldSpec | None = Field(default=None, description="int; without it the order's status tells")
    returned: FieldSpec | None = Field(default=None, description="nullable int; null: another feed tells it")
    counts_down: FieldSpec | None = Field(
        default=None, description="optional known: whether the line lowered the channel's number"
    )
    restocked: FieldSpec | None = Field(
        default=None, description="optional known: whether the channel put cancelled units on sale again"
    )
    returned_restocked: FieldSpec | None = Field(
        default=None, description="optional known: the same of returned units"
    )
    price: FieldSpec | None = Field(
        default=None, description="optional decimal in the order's currency, or money: of one unit"
    )
    status: FieldSpec | None = Field(default=None, description="optional id: the line's own status word")


class StatusWords(Strict):
    """What the channel's status words mean for the goods. A word that stands nowhere holds them and raises an incident."""

    hold: tuple[str, ...] = Field(default=(), description="Goods are promised")
    release: tuple[str, ...] = Field(default=(), description="Cancelled: what was not shipped is free again")
    shipped: tuple[str, ...] = Field(default=(), description="Goods have left")
    return_: tuple[str, ...] = Field(default=(), alias="return", description="Goods have left and come back")
    review: tuple[str, ...] = Field(default=(), description="Held until a person has looked")
    ignore: tuple[str, ...] = Field(default=(), description="Not an order at all, a draft for instance")

    @model_validator(mode="after")
    def _each_once(self) -> StatusWords:
        words = [*self.hold, *self.release, *self.shipped, *self.return_, *self.review, *self.ignore]
        twice = sorted({word for word in words if words.count(word) > 1})
        if twice:
            raise ValueError(f"stands in two lists: {', '.join(twice)}")
        return self


class OrderSpec(Strict):
    """One order of a feed."""

    id: FieldSpec = Field(description="id of the order")
    status: FieldSpec = Field(description="id: the status word")
    created: FieldSpec = Field(description="datetime it was placed")
    updated: FieldSpec = Field(description="datetime of its last change")
    currency: FieldSpec | None = Field(default=None, description="currency of its prices")
    ours: Expression | None = Field(
        default=None,
        description="Orders for which it is not true are left out: the marketplace ships them from its own stock",
    )
    lines: LineSpec = Field(description="Its lines")
    statuses: StatusWords = Field(description="What the status words mean")
    line_statuses: StatusWords | None = Field(default=None, description="The same for the lines' own words")
    released: Literal["whole", "as_lines_say"] = Field(
        default="whole",
        description="whole: a released order has all its unshipped units cancelled; as_lines_say: lines that say otherwise make it unknown",
    )


class ExpandSpec(Strict):
    """A second call for what the feed leaves out of its rows."""

    when: Expression | None = Field(
        default=None,
        description="On a row of the feed: with into: whether it needs the call; the others get no rows",
    )
    request: RequestSpec = Field(description="Knows ids, and {id} when max is 1")
    max: int = Field(default=1, ge=1, description="Orders in one call")
    items: Expression = Field(default=Expression.parse("@"), description="The rows of the answer")
    key: Expression | None = Field(
        default=None, description="The order's id in such a row, which then replaces the feed's row"
    )
    into: str | None = Field(
        default=None, description="With max = 1: name under which the rows are put into the feed's row"
    )

    @model_validator(mode="after")
    def _one_way(self) -> ExpandSpec:
        if (self.key is None) == (self.into is None):
            raise ValueError("needs either key or into")
        if self.when is not None and self.into is None:
            raise ValueError("when needs into")
        if self.into is not None and self.max != 1:
            raise ValueError("into needs max = 1")
        return self


class FeedSpec(Strict):
    """One feed of orders. All feeds together list everything that lowers or raises the number."""

    name: str = Field(pattern="^[a-z][a-z0-9_]*$", description="Its name, for people and for the cursor")
    like: str | None = Field(
        default=None, description="An earlier feed whose keys count where this one has none"
    )
    when: Expression | None = Field(
        default=None, description="On {cfg}: if it is not true, the feed is not read"
    )
    request: RequestSpec = Field(description="Knows since, until, now, page, offset, cursor, size")
    time: TimeSpec = Field(
        default=TimeSpec(), description="How times are written and how far it reaches back"
    )
    paginate: Paginate = Field(default=NoPages(), description="How it goes on")
    items: Expression = Field(description="The orders in an answer")
    sorted: bool = Field(
        default=False,
        description="Rows come oldest change first, which is checked: a walk that is broken off goes on from there",
    )
    stop_when_older: bool = Field(
        default=False,
        description="Rows come latest change first, which is checked, and there is no bound: the walk ends at rows older than since",
    )
    expand: ExpandSpec | None = Field(default=None, description="A second call for details")
    channel_time: FieldSpec | None = Field(
        default=None, description="optional datetime: the channel's clock, finer than the Date header"
    )
    order: OrderSpec | None = Field(default=None, description="Instead of the manifest's [order]")

    @model_validator(mode="after")
    def _one_order_of_times(self) -> FeedSpec:
        if self.sorted and self.stop_when_older:
            raise ValueError("sorted is oldest first, stop_when_older latest first: not both")
        if self.stop_when_older and self.paginate.style == "keyset":
            raise ValueError("stop_when_older walks from the latest change on; a keyset from the oldest")
        if self.stop_when_older and self.time.max_window_s is not None:
            raise ValueError("stop_when_older has no bound, so time.max_window_s has no meaning")
        return self
