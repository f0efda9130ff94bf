"""How is a product listed? Looked for, prepared for, made with nothing on sale, looked at once more; each call leaves once.

Whatever may have been made is never told as not made: publishing it again finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from syncworker.connector.answers import Answer, Json
from syncworker.connector.contract import ListingDraft, RemoteListing
from syncworker.connector.declarative.caller import Caller, once
from syncworker.connector.declarative.content_tables import BeforeSpec, FindSpec, PublishSpec
from syncworker.connector.declarative.fields import Presence, condition, finder
from syncworker.connector.declarative.jobs import Job
from syncworker.connector.declarative.listings import Listings, listing_mapping
from syncworker.connector.declarative.manifest import Manifest
from syncworker.connector.declarative.orders import rows_finder
from syncworker.connector.declarative.paging import Seen, Walk
from syncworker.connector.declarative.request import BoundRequest
from syncworker.connector.declarative.selling import Rejection, find_listing, price_facts
from syncworker.connector.declarative.template import Facts
from syncworker.connector.document import Document
from syncworker.errors import (
    ChannelMisconfiguredError,
    ListingRejectedError,
    MalformedAnswerError,
    OutcomeUnknownError,
    RequestRefusedError,
    RetryLaterError,
)

#: Pages of one search at most; more is a channel that does not search.
_FIND_PAGES = 100
_LACKING = {
    "price": "a price",
    "title": "a title",
    "description": "a description",
    "images": "a picture",
}


class Publishing:
    """Lists products."""

    def __init__(
        self, spec: PublishSpec, manifest: Manifest, caller: Caller, listings: Listings, base_url: str
    ) -> None:
        values = caller.account.open_values
        self._spec, self._caller, self._listings, self._price = spec, caller, listings, manifest.price
        self._request = BoundRequest(spec.request, caller.account)
        self._row = finder(spec.row, values)
        self._map = listings.map if spec.listing is None else listing_mapping(spec.listing, caller.account)
        self._search = None if spec.find is None else _Search(spec.find, caller, listings, base_url)
        self._before = [_Before(step, caller) for step in spec.before]
        self._rejected = None if spec.rejected is None else Rejection(spec.rejected, caller)
        self._job = None if spec.job is None else Job(spec.job, caller)
        self._made = None if spec.made is None else condition(spec.made, values)
        self._exists: Callable[[Json], bool] | None = None
        if spec.exists is not None:
            self._exists = condition(spec.exists.when, values)
            self._existing_id = spec.exists.listing.reader(values, kind="id", presence=Presence.REQUIRED)

    def publish(self, draft: ListingDraft) -> RemoteListing:
        """List it with 0, or find the listing that stands for the SKU already."""
        self._refuse_incomplete(draft)
        try:
            facts = self._caller.facts(
                draft={
                    "sku": draft.sku,
                    "title": draft.title,
                    "price": price_facts(draft.price, self._price),
                    "description": draft.description,
                    "images": list(draft.images),
                },
                before={},
            )
        except ValueError as error:
            raise ListingRejectedError(f"{draft.sku}: {error}", sku=draft.sku) from error
        known = None if self._search is None else self._search.find(facts, draft.sku)
        if known is not None:
            return known
        for step in self._before:
            facts = step.done(facts, draft.sku)
        return self._created(facts, draft)

    def read(self, answer: Answer) -> RemoteListing | str:
        """The listing that an answer tells of, or the id of the one that existed; for samples too.

        Of an answer that holds no listing, what was made is proven by ``look_again`` alone: then the id is empty.
        """
        if self._says_exists(answer.status, answer.body):
            listing_id: str = self._existing_id(answer.body)
            return listing_id
        if self._spec.look_again:
            if self._job is not None:
                self._job.named(answer.body)
            return ""
        return replace(self._map(self._row(answer.body)), created=True)

    def tried(self, answer: Answer) -> int:
        """Of a sample: 1 for a product that is listed, 0 for one that was turned down."""
        if self._rejected is not None and not self._says_exists(answer.status, answer.body):
            try:
                self._rejected.refuse(answer.body, "sample")
            except ListingRejectedError:
                return 0
        self.read(answer)
        return 1

    def _refuse_incomplete(self, draft: ListingDraft) -> None:
        unset = [name for name in self._spec.settings if self._caller.account.values.get(name) is None]
        if unset:
            raise ListingRejectedError(
                f"{draft.sku}: nothing can be listed here before {' and '.join(unset)} "
                f"{'is' if len(unset) == 1 else 'are'} set in channels.toml",
                sku=draft.sku,
            )
        given = {
            "price": draft.price is not None,
            "title": bool(draft.title.strip()),
            "description": bool((draft.description or "").strip()),
            "images": bool(draft.images),
        }
        lacking = [name for name in self._spec.needs if not given[name]]
        if lacking:
            raise ListingRejectedError(
                f"{draft.sku}: the marketplace lists nothing without {_LACKING[lacking[0]]}", sku=draft.sku
            )

    def _created(self, facts: Facts, draft: ListingDraft) -> RemoteListing:
        key = once(self._spec.idempotency, [draft.idempotency_key])
        judge = self._caller.judgement(effect=True, wanted=self._says_exists)
        try:
            answer = self._caller.send(self._request, facts, effect=True, judge=judge, once=key)
        except RequestRefusedError as error:
            raise ListingRejectedError(str(error), sku=draft.sku) from error
        if self._rejected is not None and not self._says_exists(answer.status, answer.body):
            self._rejected.refuse(answer.body, draft.sku)
        try:
            told = self.read(answer)
            if self._spec.look_again and told == "":
                return self._looked_again(answer.body, facts, draft.sku)
            return told if isinstance(told, RemoteListing) else self._existing(told, draft.sku)
        except MalformedAnswerError as error:
            raise OutcomeUnknownError(
                f"{draft.sku}: published, but the answer cannot be read: {error}"
            ) from error
        except (RetryLaterError, RequestRefusedError, ChannelMisconfiguredError) as error:
            # What was looked for afterwards proves nothing of the request before, which had its effect.
            raise OutcomeUnknownError(
                f"{draft.sku}: published, but the channel does not tell it yet: {error}"
            ) from error

    def _looked_again(self, body: Json, facts: Facts, sku: str) -> RemoteListing:
        proof = body if self._job is None else self._job.listed(body, sku)
        found = None if self._search is None else self._search.find(facts, sku)
        if found is None:
            raise OutcomeUnknownError(
                f"{sku}: taken, but the channel does not show it yet; publish it again later"
            )
        return replace(found, created=self._made is not None and self._made(proof))

    def _says_exists(self, status: int, body: Json) -> bool:
        if self._spec.exists is None or self._exists is None or status != self._spec.exists.status:
            return False
        try:
            return self._exists(body)
        except MalformedAnswerError:
            return False

    def _existing(self, listing_id: str, sku: str) -> RemoteListing:
        found = find_listing(self._listings, listing_id)
        if found is None:
            raise ListingRejectedError(
                f"{sku}: listed as {listing_id}, which the shop does not show", sku=sku
            )
        return found


class _Search:
    """Looks for a SKU among what is listed."""

    def __init__(self, spec: FindSpec, caller: Caller, listings: Listings, base_url: str) -> None:
        self._caller, self._listings = caller, listings
        self._request = BoundRequest(spec.request, caller.account)
        self._rows = rows_finder(finder(spec.items, caller.account.open_values), spec.items.text)
        self._walk = Walk(spec.paginate, None, caller.account, base_url)

    def find(self, facts: Facts, sku: str) -> RemoteListing | None:
        """The listing with that SKU, exactly."""
        place = self._walk.begin(None, None)
        now = self._caller.now()
        for _ in range(_FIND_PAGES):
            page = {**facts, **self._walk.facts(place, now)}
            instead = self._walk.request(place, self._request, page)
            answer = self._caller.send(self._request, page, effect=False, instead=instead)
            rows = self._rows(answer.body)
            known = [one for one in self._listings.read(rows, "found") if one.sku == sku]
            if known:
                return known[0]
            seen = Seen(answer, [self._listings.identity(row) for row in rows])
            if self._walk.moved(place, seen):
                raise MalformedAnswerError("listings moved while one was looked for", path="found")
            following = self._walk.after(place, seen, now)
            if following is None:
                return None
            place = following
        raise MalformedAnswerError("the search for one SKU has no end", path="found")


class _Before:
    """One thing that a listing stands on."""

    def __init__(self, spec: BeforeSpec, caller: Caller) -> None:
        values = caller.account.open_values
        self._spec, self._caller = spec, caller
        self._fetch, self._request = (BoundRequest(one, caller.account) for one in (spec.fetch, spec.request))
        self._found, self._made = finder(spec.found, values), finder(spec.made, values)
        self._refuse = None if spec.refuse is None else Rejection(spec.refuse, caller)

    def done(self, facts: Facts, sku: str) -> Facts:
        """The facts with what was found or made. ``ListingRejectedError`` if it may not be built upon."""
        answer = self._caller.send(self._fetch, facts, effect=False)
        thing = self._found({**facts, "doc": answer.body})
        if thing is not None and self._refuse is not None:
            self._refuse.refuse({**facts, "found": thing}, sku)
        if thing is None:
            thing = self._new(facts, sku)
        before = facts["before"]
        return {**facts, "before": {**(before if isinstance(before, dict) else {}), self._spec.name: thing}}

    def _new(self, facts: Facts, sku: str) -> Json:
        try:
            answer = self._caller.send(self._request, facts, effect=True)
        except RequestRefusedError as error:
            raise ListingRejectedError(f"{self._spec.name}: {error}", sku=sku) from error
        thing = self._made({**facts, "doc": answer.body})
        if thing is None:
            raise OutcomeUnknownError(
                f"{sku}: {self._spec.name} was made, but the answer does not tell it: {Document(answer.body).shown()}"
            )
        return thing
