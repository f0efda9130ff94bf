"""How does a request prove who sends it? It is signed right before each time it leaves, so a time in it is fresh.

Never sends anything but a request for a token, and keeps no token itself: that is the token store's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from pydantic import SecretStr

#: A value that may be sent; one that is secret is cut out of every log and error.
Value = str | SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One request before it leaves. ``query`` holds decoded values in the order they are sent."""

    method: str
    #: From ``base_url`` on, quoted as it is sent, without query.
    path: str
    query: tuple[tuple[str, Value], ...] = ()
    headers: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    #: The bytes as they are sent; ``None`` without a body.
    body: bytes | None = None
    media_type: str = ""


class Authorizer(Protocol):
    """What makes requests of one account believable."""

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with its proof: called for each attempt. Raises ``ChannelMisconfiguredError`` without a token."""

    def renew(self) -> bool:
        """After a refusal that says the proof is stale: get a new one. ``False``: there is none, give up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a channel gave an account instead of a password. Never logged; stored encrypted."""

    access: SecretStr
    #: ``None``: the access token cannot be renewed, a person has to consent again.
    refresh: SecretStr | None = None
    #: ``None``: it does not expire.
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    #: What else the channel's answer told and later calls need, for instance a shop's id; nothing secret.
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class TokenStore(Protocol):
    """Where one account's token is kept. Shared by all workers."""

    def current(self) -> Token | None:
        """The token in force; ``None`` until a person has connected the account."""

    def renew(self, spent: Token, refresh: Callable[[Token], Token]) -> Token:
        """Replace ``spent``. One worker at a time calls ``refresh`` with the newest token, and its answer is stored
        before anybody uses it; who comes later gets what the first one stored. Raises what ``refresh`` raises.
        """


class KeptToken:
    """A token store of this process alone, for tests and for accounts whose token never changes."""

    def __init__(self, token: Token | None = None) -> None:
        self._token = token

    def current(self) -> Token | None:
        """The token in force."""
        return self._token

    def renew(self, spent: Token, refresh: Callable[[Token], Token]) -> Token:
        """Replace ``spent``, unless it was replaced already."""
        if self._token is None or self._token == spent:
            self._token = refresh(spent)
        return self._token
