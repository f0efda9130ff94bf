"""What does a use case need from outside? The ledger, a way to open a channel, and somebody to tell that there is work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from uuid_utils.compat import uuid7

from syncworker.connector.contract import Channel
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger

log: structlog.stdlib.BoundLogger = structlog.get_logger("syncworker")


def new_id() -> str:
    """A fresh id that sorts by its time."""
    return str(uuid7())


def tell_nobody(channel: str, kind: JobKind) -> None:
    """A hint may always be lost: the tick finds the work in the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Handed to every use case; made once a process by ``bootstrap``."""

    ledger: Ledger
    #: Opens a configured account by the channel's name; raises ``ChannelMisconfiguredError`` if it cannot.
    open_channel: Callable[[str], Channel]
    #: Called after a commit: there is work of this kind at this channel.
    hint: Callable[[str, JobKind], None] = tell_nobody
    new_id: Callable[[], str] = new_id
