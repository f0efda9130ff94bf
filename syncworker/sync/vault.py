"""Where are the tokens of connected accounts, and who renews one? Sealed rows in the ledger; the key lies elsewhere.

A new token is stored before anybody uses it, and one worker at a time renews: channels that let a refresh token be used
once would lock the account otherwise.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from cryptography.fernet import InvalidToken, MultiFernet
from pydantic import SecretStr

from syncworker.connector.auth import Token
from syncworker.errors import ChannelMisconfiguredError, RetryLaterError
from syncworker.ledger import incidents, tokens
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Ledger, Snapshot, Transaction
from syncworker.ledger.tokens import SealedToken
from syncworker.sync.context import new_id

#: Seconds that one renewal may take; a worker that died holds others up for as long.
RENEWAL_S = 60.0
#: Seconds for which a worker waits while another one renews.
PATIENCE_S = 10.0
#: A consent that ends within this time is told of.
WARN_BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Vault:
    """All accounts' tokens of one ledger."""

    ledger: Ledger
    #: Makes the cipher when a token is first sealed or opened; raises ``ConfigurationError`` without a key.
    cipher: Callable[[], MultiFernet]

    def of(self, channel: str) -> ChannelTokens:
        """The token store of one account."""
        return ChannelTokens(self, channel)

    def seal(self, token: Token) -> str:
        """The token as the ledger may hold it."""
        document = {
            "access": token.access.get_secret_value(),
            "refresh": token.refresh.get_secret_value() if token.refresh else None,
            "expires_at": _written(token.expires_at),
            "refresh_expires_at": _written(token.refresh_expires_at),
            "facts": dict(token.facts),
        }
        return self.cipher().encrypt(json.dumps(document).encode()).decode()

    def unseal(self, row: SealedToken) -> Token:
        """The token of that row; ``ChannelMisconfiguredError`` if it was sealed with another key."""
        try:
            document = json.loads(self.cipher().decrypt(row.sealed.encode()))
        except InvalidToken:
            document = None
        if document is None:
            raise ChannelMisconfiguredError(
                f"The token of {row.channel} was stored under another key. Put that key back, or connect the account"
                f" again with `syncworker channel connect {row.channel}`."
            )
        return _token(document)


@dataclass(frozen=True, slots=True)
class ChannelTokens:
    """The token store of one account, as a connector gets it."""

    vault: Vault
    channel: str

    def current(self) -> Token | None:
        """The token in force; ``None`` until a person has connected the account."""
        row = self._row()
        return None if row is None else self.vault.unseal(row)

    def keep(self, token: Token) -> None:
        """Store what a person's consent gave; whatever was there is replaced."""
        sealed = self.vault.seal(token)
        self.vault.ledger.run(lambda tx: self._save(tx, token, sealed))

    def keep_first(self, token: Token) -> Token:
        """Store this one unless there is one already; the one in force."""
        sealed = self.vault.seal(token)
        if self.vault.ledger.run(lambda tx: self._save(tx, token, sealed, over=0)):
            return token
        return self.current() or token

    def renew(self, spent: Token, refresh: Callable[[Token], Token]) -> Token:
        """Replace ``spent``, once for all workers. Raises what ``refresh`` raises; ``RetryLaterError`` while another
        worker takes its time.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            row = self._row()
            if row is None:
                raise ChannelMisconfiguredError(not_connected(self.channel))
            current = self.vault.unseal(row)
            if current != spent:
                return current
            lease = new_id()
            if self._claimed(row, lease):
                return self._renewed(row, current, refresh, lease)
            if time.monotonic() > deadline:
                raise RetryLaterError(f"{self.channel}: another worker is renewing its token")
            time.sleep(0.1)

    def _claimed(self, row: SealedToken, lease: str) -> bool:
        return self.vault.ledger.run(
            lambda tx: tokens.claim_renewal(tx, self.channel, row.generation, lease=lease, for_s=RENEWAL_S)
        )

    def _renewed(
        self, row: SealedToken, current: Token, refresh: Callable[[Token], Token], lease: str
    ) -> Token:
        try:
            fresh = refresh(current)
        except BaseException:
            self.vault.ledger.run(lambda tx: tokens.release_renewal(tx, self.channel, lease))
            raise
        sealed = self.vault.seal(fresh)
        if self.vault.ledger.run(lambda tx: self._save(tx, fresh, sealed, over=row.generation)):
            return fresh
        # A person connected the account anew meanwhile, or somebody who thought us dead renewed: theirs is the newer one.
        return self.current() or fresh

    def _row(self) -> SealedToken | None:
        with self.vault.ledger.snapshot() as tx:
            return tokens.load(tx, self.channel)

    def _save(self, tx: Transaction, token: Token, sealed: str, *, over: int | None = None) -> bool:
        ends_at = token.refresh_expires_at if token.refresh else token.expires_at
        is_stored = tokens.save(
            tx, self.channel, sealed, expires_at=token.expires_at, ends_at=ends_at, over=over
        )
        if is_stored:
            _review(tx, self.channel, ends_at)
        return is_stored


def not_connected(channel: str) -> str:
    """What to tell a person whose account has no usable token."""
    return f"{channel} is not connected: `syncworker channel connect {channel}` leads through it."


def consent_ends(tx: Snapshot, channel: str) -> datetime | None:
    """When a person has to consent again; ``None`` if never, or if the account has no token."""
    row = tokens.load(tx, channel)
    return None if row is None else row.ends_at


def review_tokens(tx: Transaction) -> None:
    """Tell of consents that end soon. Harmless to repeat."""
    for row in tokens.ending_before(tx, tx.now + WARN_BEFORE):
        _review(tx, row.channel, row.ends_at)


def _review(tx: Transaction, channel: str, ends_at: datetime | None) -> None:
    subject = f"channel/{channel}"
    if ends_at is None or ends_at >= tx.now + WARN_BEFORE:
        incidents.close_incident(tx, IncidentKind.EXPIRING, subject)
        return
    details = {"channel": channel, "ends_at": ends_at.isoformat(timespec="minutes")}
    incidents.open_incident(tx, IncidentKind.EXPIRING, subject, details)


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _token(document: Mapping[str, object]) -> Token:
    def moment(name: str) -> datetime | None:
        text = document[name]
        return None if text is None else datetime.fromisoformat(str(text))

    refresh, facts = document["refresh"], document["facts"]
    return Token(
        access=SecretStr(str(document["access"])),
        refresh=None if refresh is None else SecretStr(str(refresh)),
        expires_at=moment("expires_at"),
        refresh_expires_at=moment("refresh_expires_at"),
        facts=MappingProxyType({str(k): str(v) for k, v in facts.items()} if isinstance(facts, dict) else {}),
    )
