"""Which keys do a manifest's contents have? How a product is listed, found, refused and changed; never a quantity above 0."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from syncworker.connector.declarative.expression import Expression
from syncworker.connector.declarative.fields import FieldSpec, Strict
from syncworker.connector.declarative.operations import JobSpec, ListingSpec
from syncworker.connector.declarative.parts import IdempotencySpec, NoPages, Paginate, RequestSpec


class ExistsSpec(Strict):
    """The refusal that says that the product is listed already."""

    status: int = Field(default=409, description="Its HTTP status")
    when: Expression = Field(description="On the answer")
    listing: FieldSpec = Field(description="id of the listing that there is")


class FindSpec(Strict):
    """Looks for a listing by its SKU before one is made: where creating is not idempotent."""

    request: RequestSpec = Field(description="Knows draft, page, offset, cursor, size")
    paginate: Paginate = Field(
        default=NoPages(), description="How it goes on, where it only narrows the search"
    )
    items: Expression = Field(description="The rows in the answer")


class RejectedSpec(Strict):
    """An answer with 2xx that says all the same that nothing was taken."""

    when: Expression = Field(description="On the answer: nothing was taken")
    message: Expression = Field(description="On the answer: the channel's words, a text")


class BeforeSpec(Strict):
    """What a listing sells from, looked for and else made, so that the listing stands on it from its first moment."""

    name: str = Field(
        pattern="^[a-z][a-z0-9_]*$", description="Requests know what was found or made as before.NAME"
    )
    fetch: RequestSpec = Field(description="Looks for it; knows draft, before")
    found: Expression = Field(
        description="On {doc, draft, before}, doc being the answer: null if it is not there"
    )
    request: RequestSpec = Field(description="Makes it where it is not there; knows draft, before")
    made: Expression = Field(description="On {doc, draft, before}: what was made")
    refuse: RejectedSpec | None = Field(
        default=None,
        description="On {found, draft, before}: what is there may not be built upon, for instance since it has units",
    )


class PublishSpec(Strict):
    """Lists a product, with the quantity 0."""

    needs: tuple[Literal["price", "title", "description", "images"], ...] = Field(
        default=(), description="Without which nothing is listed"
    )
    settings: tuple[str, ...] = Field(
        default=(), description="Optional settings without which nothing can be listed here"
    )
    find: FindSpec | None = Field(default=None, description="Looks for it first")
    before: tuple[BeforeSpec, ...] = Field(
        default=(), description="What has to be there before the listing is"
    )
    request: RequestSpec = Field(
        description="Knows draft: sku, title, price (amount, currency), description, images; and before"
    )
    idempotency: IdempotencySpec | None = Field(default=None, description="Where the key of a repeat stands")
    rejected: RejectedSpec | None = Field(default=None, description="An answer with 2xx that took nothing")
    job: JobSpec | None = Field(
        default=None, description="Where the answer is only that of a job; needs look_again"
    )
    look_again: bool = Field(
        default=False, description="The answer does not hold the listing: find is asked for it once more"
    )
    made: Expression | None = Field(
        default=None,
        description="With look_again, on the answer or the job's state: it was surely made just now; else nobody knows",
    )
    row: Expression = Field(default=Expression.parse("@"), description="The new listing in the answer")
    listing: ListingSpec | None = Field(default=None, description="Instead of the one of [listings]")
    exists: ExistsSpec | None = Field(default=None, description="The refusal that means: listed already")

    @model_validator(mode="after")
    def _is_found_somewhere(self) -> PublishSpec:
        if self.look_again and self.find is None:
            raise ValueError("look_again needs find")
        if self.job is not None and not self.look_again:
            raise ValueError("job needs look_again = true: its answer holds no listing")
        if self.made is not None and not self.look_again:
            raise ValueError("made needs look_again = true: a listing in the answer was made")
        names = [step.name for step in self.before]
        if len(set(names)) < len(names):
            raise ValueError("before: two have the same name")
        return self


class UpdateSpec(Strict):
    """Changes contents of a listing."""

    when: Expression | None = Field(
        default=None, description="On the listing id's parts and update: whether this call is for it"
    )
    fields: tuple[Literal["title", "description", "price", "images", "active"], ...] = Field(
        description="What it can change; it is sent if one of them is to be changed"
    )
    request: RequestSpec = Field(
        description="Knows update (listing_id, sku and the fields) and the listing id's parts"
    )
    rejected: RejectedSpec | None = Field(default=None, description="An answer with 2xx that took nothing")
    row: Expression | None = Field(default=None, description="The listing in the answer")
