"""Which token is in force? One that is renewed in time, by one worker for all, and used to its end while that fails.

Keeps no token itself: the token store does. That a token could not be renewed means that the request which wanted it was
not sent, whatever became of the one for the token.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from syncworker.connector.auth import Token, TokenStore
from syncworker.errors import ChannelError, ChannelMisconfiguredError, MalformedAnswerError, RetryLaterError

#: After a renewal that failed the old token serves for so long before the next try.
TRY_AGAIN_AFTER = timedelta(minutes=1)

_log = structlog.get_logger("syncworker.channel")


class TokenDesk:
    """Where the requests of one account get their token. Used by one thread at a time."""

    def __init__(
        self,
        account: str,
        tokens: TokenStore,
        refresh: Callable[[Token], Token],
        *,
        renew_before: timedelta,
        instead: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``refresh`` asks the channel for the successor of a token that has a refresh token; it may raise any
        ``ChannelError``. A token is renewed ``renew_before`` its end. ``instead`` says what a person may do without one,
        ``clock`` gives Unix seconds.
        """
        self._account, self._tokens, self._refresh = account, tokens, refresh
        self._renew_before, self._instead, self._clock = renew_before, instead, clock
        self._used: Token | None = None
        self._not_before = datetime.min.replace(tzinfo=UTC)

    def in_force(self) -> Token:
        """The token for a request that is about to leave; one that ends soon is renewed first.

        Where that fails the old one goes on until its end. ``ChannelMisconfiguredError`` says how to get a token.
        """
        token = self.current()
        if token.expires_at is not None and token.refresh is not None:
            token = self._in_time(token, token.expires_at)
        self._used = token
        return token

    def renew(self) -> bool:
        """After a refusal that calls the token of the last request too old: another worker's newer one, or a fresh one.

        ``False``: there is nothing to renew it with. Raises ``RetryLaterError`` if that failed, and
        ``ChannelMisconfiguredError`` if the channel will not have it.
        """
        if self.was_replaced():
            return True
        spent = self._used or self.current()
        if spent.refresh is None:
            return False
        self._renewed(spent)
        return True

    def was_replaced(self) -> bool:
        """Whether a newer token than that of the last request is there already; never raises for one that is gone.

        It is asked of an answer: the request may have taken effect, whatever became of the token since.
        """
        try:
            return self._used is not None and self.current() != self._used
        except ChannelMisconfiguredError:
            return False

    def current(self) -> Token:
        """What the store has, however old."""
        token = self._tokens.current()
        if token is None:
            raise ChannelMisconfiguredError(
                f"{self._account} is not connected yet: run `syncworker channel connect {self._account}`{self._instead}"
            )
        return token

    def fact(self, name: str) -> str | None:
        """What the consent told, for instance a shop's id; ``None`` also before anybody connected the account."""
        token = self._tokens.current()
        return None if token is None else token.facts.get(name)

    def _in_time(self, token: Token, ends: datetime) -> Token:
        now = datetime.fromtimestamp(self._clock(), UTC)
        if now < max(ends - self._renew_before, min(self._not_before, ends)):
            return token
        try:
            return self._renewed(token)
        except (RetryLaterError, ChannelMisconfiguredError) as error:
            if now >= ends:
                raise
            _log.warning(
                "token not renewed", channel=self._account, problem=str(error), valid_until=ends.isoformat()
            )
        self._not_before = now + TRY_AGAIN_AFTER
        return token

    def _renewed(self, spent: Token) -> Token:
        try:
            return self._tokens.renew(spent, self._asked)
        except (ChannelMisconfiguredError, RetryLaterError):
            raise
        except ChannelError as error:
            problem = f"the access token could not be renewed: {error}"
        raise RetryLaterError(problem)

    def _asked(self, spent: Token) -> Token:
        if spent.refresh is None:
            raise ChannelMisconfiguredError(
                "the access token has ended and there is none to renew it with; connect the account again"
                f" (`syncworker channel connect {self._account}`)"
            )
        return self._refresh(spent)


class OneToken:
    """A store for the moment between consent and the first request; its token is never renewed."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def current(self) -> Token:
        """The token just given."""
        return self._token

    def renew(self, spent: Token, refresh: Callable[[Token], Token]) -> Token:  # noqa: ARG002  # the protocol's
        """Nothing newer exists."""
        raise MalformedAnswerError("a token that was given just now was called expired")
