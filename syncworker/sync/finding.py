"""What can ``doctor`` find? The kinds of findings, and how one is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FindingKind(StrEnum):
    """What is wrong, or wants to be known."""

    BOOKS = "books"
    RESERVED = "reserved"
    HOLD = "hold"
    HOLD_OVERDUE = "hold_overdue"
    EXPOSED = "exposed"
    DEFICIT = "deficit"
    ADOPTING = "adopting"
    OVERSOLD = "oversold"
    PUSH_OVERDUE = "push_overdue"
    LEASE_OVERDUE = "lease_overdue"
    NOBODY_WORKS = "nobody_works"
    NOT_PROTECTED = "not_protected"
    OBSERVING = "observing"
    INCIDENT = "incident"
    #: Rows that point to nothing, which nobody misses; and those that somebody does.
    ORPHANS = "orphans"
    LOST = "lost"
    #: A listing is linked, but its number is not there: what it sells, nobody counts.
    NUMBER_LOST = "number_lost"
    #: A number that counts, and no listing of ours sells from it.
    NO_LISTING = "no_listing"
    #: Whatever marks it to be looked at is not seen.
    MARK_LOST = "mark_lost"
    #: Something would be sent, and nothing looks at it.
    UNPLANNED = "unplanned"
    #: An incident that is over, or is about something that is not there.
    INCIDENT_OVER = "incident_over"


#: Findings that only tell: nothing is wrong with these.
HARMLESS = frozenset({FindingKind.ADOPTING, FindingKind.OBSERVING, FindingKind.UNPLANNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found; ``facts`` are numbers and names for people and programs."""

    kind: FindingKind
    #: A SKU, a channel, a pool as ``channel/SKU``, or an incident's subject.
    subject: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def needs_attention(self) -> bool:
        return self.kind not in HARMLESS
