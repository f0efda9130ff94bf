"""How does an account stay connected? Codes and refresh tokens become access tokens; each request is signed.

Keeps no token itself: the token store does, and the desk asks for it in time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from syncworker.connector import (
    ChannelHttp,
    ChannelMisconfiguredError,
    Document,
    Outgoing,
    Token,
    TokenDesk,
    TokenStore,
)
from syncworker_tiktok.settings import TikTokSettings
from syncworker_tiktok.signing import request_signature

TOKEN_HEADER = "x-tts-access-token"  # noqa: S105  # a header's name
#: Renewed this long before it ends; an access token lives for seven days.
RENEW_BEFORE = timedelta(hours=1)
#: A refresh token "until the authorisation ends" may carry a date beyond what a calendar knows.
_LATEST_S = 253_402_300_799
#: Anything smaller is no moment but a number of seconds, which TikTok does not send here.
_EARLIEST_S = 1_000_000_000


class TokenOffice:
    """The unsigned requests for tokens; the secret travels in the query, so nothing of it is ever quoted."""

    def __init__(self, account: str, settings: TikTokSettings) -> None:
        self._settings = settings
        self._http = ChannelHttp(
            account,
            settings.auth_url,
            secrets=(settings.app_secret,),
            allow_private_network=settings.allow_private_network,
        )

    def for_code(self, code: str) -> Token:
        """The token for what the seller's consent brought back; a code lives for 30 minutes and works once."""
        return self._ask("get", {"auth_code": SecretStr(code), "grant_type": "authorized_code"}, {})

    def refreshed(self, spent: Token) -> Token:
        """The next token. It may come with another refresh token, so both are stored together."""
        refresh = spent.refresh or SecretStr("")
        return self._ask("refresh", {"refresh_token": refresh, "grant_type": "refresh_token"}, spent.facts)

    def _ask(self, what: str, query: Mapping[str, str | SecretStr], facts: Mapping[str, str]) -> Token:
        answer = self._http.request_json(
            "GET",
            f"/api/v2/token/{what}",
            effect=True,
            query={"app_key": self._settings.app_key, "app_secret": self._settings.app_secret, **query},
            accept=(400, 401, 403),
        )
        body = Document(answer.body)
        code = body["code"].whole(most=10**12)
        if code != 0:
            words = self._http.redact((body.get("message") or body["code"]).shown())
            raise ChannelMisconfiguredError(
                f"no token: {code}: {words}; connect the account again (`syncworker channel connect`)"
            )
        return _token(body["data"], facts)


def _token(data: Document, facts: Mapping[str, str]) -> Token:
    return Token(
        access=SecretStr(data["access_token"].text()),
        refresh=SecretStr(data["refresh_token"].text()),
        expires_at=_moment(data["access_token_expire_in"]),
        refresh_expires_at=_moment(data["refresh_token_expire_in"]),
        facts=dict(facts),
    )


def _moment(value: Document) -> datetime:
    """TikTok's ``*_expire_in`` are moments in Unix seconds, not spans."""
    seconds = value.whole(least=_EARLIEST_S, most=10**15)
    return datetime.fromtimestamp(min(seconds, _LATEST_S), UTC)


class TikTokAuthorizer:
    """Signs each request of one account with the token in force."""

    def __init__(
        self,
        account: str,
        settings: TikTokSettings,
        tokens: TokenStore,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._clock = settings, clock
        refreshed = TokenOffice(account, settings).refreshed
        self.desk = TokenDesk(account, tokens, refreshed, renew_before=RENEW_BEFORE, clock=clock)

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with app key, time, signature and token; the token itself is never signed."""
        token = self.desk.in_force()
        query = [
            *request.query,
            ("app_key", self._settings.app_key),
            ("timestamp", str(int(self._clock()))),
        ]
        plain = [(name, v.get_secret_value() if isinstance(v, SecretStr) else v) for name, v in query]
        secret = self._settings.app_secret.get_secret_value()
        sign = request_signature(secret, request.path, plain, request.body, request.media_type)
        headers = {**request.headers, TOKEN_HEADER: token.access}
        return replace(request, query=(*query, ("sign", sign)), headers=headers)

    def renew(self) -> bool:
        """Get a fresh token. Raises ``RetryLaterError`` if that failed."""
        return self.desk.renew()
