"""What does the channel have listed, and which numbers does it show? Rows to the contract's listings and readings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from syncworker.connector.answers import Json
from syncworker.connector.contract import ListingPage, Reading, RemoteListing
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.caller import Caller
from syncworker.connector.declarative.fields import Presence, condition, finder, reader, under
from syncworker.connector.declarative.keys import Keys, batches, route_picker
from syncworker.connector.declarative.manifest import Manifest
from syncworker.connector.declarative.operations import ListingSpec, ReadRoute, ReadSpec
from syncworker.connector.declarative.orders import rows_finder
from syncworker.connector.declarative.paging import Place, Seen, Walk
from syncworker.connector.declarative.request import BoundRequest
from syncworker.connector.declarative.template import Facts
from syncworker.connector.document import Document
from syncworker.core.model import QuantityKind
from syncworker.errors import MalformedAnswerError

MapListing: TypeAlias = Callable[[Json], RemoteListing]
#: Pages of one product's children at most; more is a channel that answers the same for ever.
_CHILD_PAGES = 100


def listing_mapping(spec: ListingSpec, account: Account) -> MapListing:
    """The function that maps one row."""
    values = account.open_values
    read_id = spec.id.reader(values, kind="id", presence=Presence.REQUIRED)
    read_pool = spec.pool.reader(values, kind="id", presence=Presence.REQUIRED)
    read_sku = reader(spec.sku, values, kind="text", presence=Presence.NULLABLE)
    read_title = reader(spec.title, values, kind="text", presence=Presence.OPTIONAL)
    read_price = reader(spec.price, values, kind="money", presence=Presence.OPTIONAL)
    read_active = reader(spec.active, values, kind="flag", otherwise=True)
    read_quantity = reader(spec.quantity, values, kind="signed", presence=Presence.OPTIONAL)
    read_reserved = reader(spec.reserved, values, kind="int", presence=Presence.OPTIONAL)

    def map_listing(row: Json) -> RemoteListing:
        return RemoteListing(
            listing_id=read_id(row),
            pool_key=read_pool(row),
            sku=read_sku(row),
            title=read_title(row) or "",
            price=read_price(row),
            active=read_active(row),
            quantity=read_quantity(row),
            reserved=read_reserved(row) or 0,
        )

    return map_listing


class Listings:
    """Walks what is listed."""

    def __init__(self, manifest: Manifest, caller: Caller, base_url: str) -> None:
        spec, account = manifest.listings, caller.account
        self._caller = caller
        self._request = BoundRequest(spec.request, account)
        self._walk = Walk(spec.paginate, None, account, base_url)
        self.rows = rows_finder(finder(spec.items, account.open_values), spec.items.text)
        self._where = spec.items.text
        self.map = listing_mapping(spec.listing, account)
        self._id = spec.listing.id.reader(account.open_values, kind="id", presence=Presence.REQUIRED)
        self._is_ours = None if spec.when is None else condition(spec.when, account.open_values)
        self._has_children: Callable[[Json], bool] | None = None
        if spec.children is not None:
            self._has_children = condition(spec.children.when, account.open_values)
            self._child_request = BoundRequest(spec.children.request, account)
            self._child_walk = Walk(spec.children.paginate, None, account, base_url)
            self._child_rows = rows_finder(
                finder(spec.children.items, account.open_values), spec.children.items.text
            )

    def page(self, cursor: str | None) -> ListingPage:
        """One page of everything listed."""
        now = datetime.now(UTC)
        place = self._walk.begin(cursor, None)
        facts = self._caller.facts(**self._walk.facts(place, now))
        answer = self._caller.send(
            self._request, facts, effect=False, instead=self._walk.request(place, self._request, facts)
        )
        rows = self.rows(answer.body)
        seen = Seen(answer, [self.identity(row) for row in rows])
        before = self._walk.before(place)
        if self._walk.moved(place, seen) or (before is not None and self._last_id(before) != place.last):
            raise MalformedAnswerError(
                "listings moved while they were walked; the walk begins anew", path=self._where
            )
        following = self._walk.after(place, seen, now)
        return ListingPage(
            listings=self.read(rows, self._where),
            next_cursor=None if following is None else following.written(),
        )

    def read(self, rows: Sequence[Json], where: str) -> tuple[RemoteListing, ...]:
        """The listings of these rows, with those that need a call of their own."""
        found: list[RemoteListing] = []
        for number, row in enumerate(rows):
            prefix = f"{where}[{number}]" if where != "@" else f"[{number}]"
            try:
                if self._is_ours is not None and not self._is_ours(row):
                    continue
                if self._has_children is not None and self._has_children(row):
                    found += (self.map(child) for child in self._children(row))
                else:
                    found.append(self.map(row))
            except MalformedAnswerError as error:
                raise under(prefix, error) from None
        return tuple(found)

    def tried(self, body: Json, *, children: bool) -> int:
        """How many listings a sample gives; of children, or of the rows that need no call of their own."""
        rows = self._child_rows(body) if children else self.rows(body)
        if not children and self._has_children is not None:
            rows = [row for row in rows if not self._has_children(row)]
        if not children and self._is_ours is not None:
            rows = [row for row in rows if self._is_ours(row)]
        for number, row in enumerate(rows):
            try:
                self.map({"parent": {"id": 1}, **row} if children and isinstance(row, dict) else row)
            except MalformedAnswerError as error:
                raise under(f"{self._where}[{number}]", error) from None
        return len(rows)

    def _last_id(self, place: Place) -> str | None:
        facts = self._caller.facts(**self._walk.facts(place, datetime.now(UTC)))
        rows = self.rows(self._caller.send(self._request, facts, effect=False).body)
        return self.identity(rows[-1]) if rows else None

    def identity(self, row: Json) -> str:
        """What a row is known again by: its id, else that of its listing."""
        if isinstance(row, dict) and row.get("id") is not None:
            return str(row["id"])
        try:
            listing_id: str = self._id(row)
            return listing_id
        except MalformedAnswerError:
            return _identity(row)

    def _children(self, parent: Json) -> list[Json]:
        found: list[Json] = []
        now = datetime.now(UTC)
        place = self._child_walk.begin(None, None)
        for _ in range(_CHILD_PAGES):
            facts = self._caller.facts(parent=parent, **self._child_walk.facts(place, now))
            instead = self._child_walk.request(place, self._child_request, facts)
            answer = self._caller.send(self._child_request, facts, effect=False, instead=instead)
            rows = self._child_rows(answer.body)
            found += ({**row, "parent": parent} if isinstance(row, dict) else row for row in rows)
            following = self._child_walk.after(place, Seen(answer, [_identity(row) for row in rows]), now)
            if following is None:
                return found
            place = following
        raise MalformedAnswerError("the children of one listing have no end", path="children")


def _identity(row: Json) -> str:
    """What a row is known again by: its id, or the whole of it."""
    identity = row.get("id") if isinstance(row, dict) else None
    return str(row) if identity is None else str(identity)


class Readings:
    """Reads numbers back."""

    def __init__(self, spec: ReadSpec, caller: Caller, keys: Keys, kind: QuantityKind) -> None:
        self._caller, self._keys = caller, keys
        self._routes = [*spec.routes, spec]
        self._pick = route_picker(self._routes, caller.account)
        self.calls = [_ReadCall(route, caller, kind) for route in self._routes]

    def read(self, pool_keys: Sequence[str]) -> tuple[Reading, ...]:
        """The numbers of these pools; a key that this channel cannot have made is a pool that is not there."""
        by_route: dict[int, list[Facts]] = {}
        found: list[Reading] = []
        for key in pool_keys:
            parts = self._keys.parts(key)
            number = None if parts is None else self._pick({**parts, "pool": key})
            if parts is None or number is None:
                found.append(Reading(pool_key=key, quantity=None))
            else:
                by_route.setdefault(number, []).append({**parts, "pool": key})
        for number, items in by_route.items():
            for batch in batches(items, self._routes[number].batch, self._caller.account):
                found += self.calls[number].read(batch)
        return tuple(found)


class _ReadCall:
    """One route of reading, bound to an account."""

    def __init__(self, route: ReadRoute, caller: Caller, kind: QuantityKind) -> None:
        values = caller.account.open_values
        self._route, self._caller = route, caller
        self._request = BoundRequest(route.request, caller.account)
        self.rows = rows_finder(finder(route.items, values), route.items.text)
        self._key = route.key.reader(values, kind="id", presence=Presence.REQUIRED)
        self._absent = None if route.absent is None else condition(route.absent, values)
        self._skip = None if route.skip is None else condition(route.skip, values)
        self._quantity = route.quantity.reader(values, kind="signed", presence=Presence.REQUIRED)
        counts_on_hand = kind is QuantityKind.ON_HAND
        self._reserved = reader(
            route.reserved,
            values,
            kind="int",
            presence=Presence.REQUIRED if counts_on_hand else Presence.OPTIONAL,
        )
        self._absent_if = None if route.absent_if is None else condition(route.absent_if, values)
        self._none_if = None if route.none_if is None else condition(route.none_if, values)

    def read(self, items: Sequence[Facts]) -> tuple[Reading, ...]:
        """One call."""
        facts = self._caller.facts(**items[0], items=list(items), item=items[0])
        judge = self._caller.judgement(effect=False, wanted=self._is_wanted)
        answer = self._caller.send(self._request, facts, effect=False, judge=judge)
        if self.says_none(answer.status, answer.body):
            return ()
        if self._says_absent(answer.status, answer.body):
            return tuple(Reading(pool_key=str(item["pool"]), quantity=None) for item in items)
        return self.readings(answer.body, items)

    def readings(self, body: Json, items: Sequence[Facts]) -> tuple[Reading, ...]:
        """The numbers in an answer; rows that were not asked for count for nothing."""
        wanted = {str(item.get(self._route.of)): str(item["pool"]) for item in items}
        found: dict[str, Reading] = {}
        untold: set[str] = set()
        for number, row in enumerate(self.rows(body)):
            try:
                pool = wanted.get(self._key(row))
                if pool is None:
                    continue
                if self._skip is not None and self._skip(row):
                    untold.add(pool)
                    continue
                if pool in found:
                    Document(body)[self._route.items.text].fail("answers for one pool twice")
                found[pool] = self._reading(row, pool)
            except MalformedAnswerError as error:
                if "twice" in str(error):
                    raise
                raise under(f"{self._route.items.text}[{number}]", error) from None
        if self._route.missing == "not_there":
            for pool in set(wanted.values()) - untold:
                found.setdefault(pool, Reading(pool_key=pool, quantity=None))
        return tuple(found.values())

    def _reading(self, row: Json, pool: str) -> Reading:
        if self._absent is not None and self._absent(row):
            return Reading(pool_key=pool, quantity=None)
        return Reading(pool_key=pool, quantity=self._quantity(row), reserved=self._reserved(row) or 0)

    @property
    def of(self) -> str:
        """The item's part that keys are compared with."""
        return self._route.of

    def keys(self, body: Json) -> list[str]:
        """The keys of all rows."""
        return [self._key(row) for row in self.rows(body)]

    def _is_wanted(self, status: int, body: Json) -> bool:
        return self.says_none(status, body) or self._says_absent(status, body)

    def _says_absent(self, status: int, body: Json) -> bool:
        return self._absent_if is not None and self._absent_if({"status": status, "body": body})

    def says_none(self, status: int, body: Json) -> bool:
        """Whether an answer says that no number may be read at all."""
        return self._none_if is not None and self._none_if({"status": status, "body": body})
