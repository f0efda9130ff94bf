"""What does a pretend Shopify keep beside its goods? Tokens, points, handles and bulk operations of one shop; no goods, no HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncworker.sandbox.refusal import RefusedError

#: Points: the bucket, what comes back each second, and the most that one request may ask for. A shop whose name begins
#: with "plus" pays for ten times as many.
POINTS, RESTORED_PER_S, REQUEST_MAX = 2000.0, 100.0, 1000
#: Seconds that a bulk operation runs.
_BULK_S = 0.2
_EXPIRES_S, _REFRESH_EXPIRES_S = 3600, 90 * 86_400


@dataclass(slots=True)
class Bulk:
    """One bulk operation."""

    gid: str
    query: str
    due: datetime


@dataclass(slots=True)
class Desk:
    """One shop's own affairs. Guarded by the shop's lock."""

    name: str
    #: Where its files lie.
    address: str
    access: str
    refresh: str
    code: str
    renewals: int = 0
    points: float = POINTS
    counted_at: datetime | None = None
    #: Handle of a product made through the API, by listing; when it was made.
    handles: dict[str, str] = field(default_factory=dict)
    made_at: dict[str, datetime] = field(default_factory=dict)
    #: Pools that the location does not stock yet.
    unstocked: set[str] = field(default_factory=set)
    #: The most units that a line ever had: Shopify's `quantity` includes what edits removed.
    ordered: dict[str, int] = field(default_factory=dict)
    bulks: dict[str, Bulk] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.points = POINTS * self._plan

    @property
    def _plan(self) -> int:
        return 10 if self.name.startswith("plus") else 1

    def reserve(self, cost: int, now: datetime) -> None:
        """Take the points that a request asks for; refused when it asks for too many, or more than are there."""
        if cost > REQUEST_MAX:
            words = f"Query cost is {cost}, which exceeds the single query max cost limit ({REQUEST_MAX})."
            raise RefusedError(200, "MAX_COST_EXCEEDED", words)
        self._restore(now)
        if cost > self.points:
            raise RefusedError(200, "THROTTLED", "Throttled", cost=self._told(cost, None))
        self.points -= cost

    def settle(self, cost: int, actual: int) -> dict[str, object]:
        """Give back what was asked for and not used; what the answer says of it."""
        self.points += max(cost - actual, 0)
        return self._told(cost, actual)

    def _told(self, cost: int, actual: int | None) -> dict[str, object]:
        status: dict[str, object] = {
            "maximumAvailable": POINTS * self._plan,
            "currentlyAvailable": int(self.points),
            "restoreRate": RESTORED_PER_S * self._plan,
        }
        return {"requestedQueryCost": cost, "actualQueryCost": actual, "throttleStatus": status}

    def _restore(self, now: datetime) -> None:
        if self.counted_at is not None:
            passed_s = (now - self.counted_at).total_seconds()
            self.points = min(POINTS * self._plan, self.points + passed_s * RESTORED_PER_S * self._plan)
        self.counted_at = now

    def start_bulk(self, query: str, now: datetime) -> Bulk:
        """A new operation, which runs for a moment."""
        gid = f"gid://shopify/BulkOperation/{900_000 + len(self.bulks) + 1}"
        self.bulks[gid] = Bulk(gid, query, now + timedelta(seconds=_BULK_S))
        return self.bulks[gid]

    def exchange(self, asked: dict[str, object]) -> dict[str, object]:
        """The answer of `/admin/oauth/access_token`: a code works once, a refresh token once."""
        if (asked.get("client_id"), asked.get("client_secret")) != (
            f"key-{self.name}",
            f"secret-{self.name}",
        ):
            raise _no_token("invalid_client", "The client credentials are not valid")
        if asked.get("grant_type") == "refresh_token":
            if asked.get("refresh_token") != self.refresh:
                raise _no_token("invalid_grant", "The refresh token is not valid (any more)")
            return self._next(is_expiring=True)
        if asked.get("code") != self.code:
            raise _no_token("invalid_request", "The authorization code was not found or was already used")
        return self._next(is_expiring=asked.get("expiring") == "1")

    def _next(self, *, is_expiring: bool) -> dict[str, object]:
        self.renewals += 1
        self.access = f"token-{self.name}-{self.renewals}"
        self.code = f"code-{self.name}-{self.renewals}"
        scope = "write_products,write_inventory,read_locations,read_orders"
        told: dict[str, object] = {"access_token": self.access, "scope": scope}
        if is_expiring:
            self.refresh = f"refresh-{self.name}-{self.renewals}"
            told |= {
                "expires_in": _EXPIRES_S,
                "refresh_token": self.refresh,
                "refresh_token_expires_in": _REFRESH_EXPIRES_S,
            }
        return told


def _no_token(error: str, words: str) -> RefusedError:
    return RefusedError(400, error, words, oauth=True)
