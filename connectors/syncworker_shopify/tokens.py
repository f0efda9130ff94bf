"""How does an account stay connected? By an app's own token, or by consent and a token that may have to be renewed.

Keeps no token itself: settings or the token store do. Sources: "Authorization code grant" and "Offline access tokens" of
Shopify's documentation (expiring tokens since December 2025: an hour, renewed by a refresh token that changes each time).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from pydantic import SecretStr

from syncworker.connector import (
    ChannelError,
    ChannelHttp,
    ChannelMisconfiguredError,
    ConsentRequest,
    Document,
    Json,
    Outgoing,
    RetryLaterError,
    Token,
    TokenStore,
)
from syncworker_shopify.settings import ShopifySettings

TOKEN_HEADER = "X-Shopify-Access-Token"  # noqa: S105  # a header's name
#: Renewed this long before it ends; a token that ends lives for an hour.
RENEW_BEFORE = timedelta(minutes=5)
_SPAN_MAX_S = 10 * 366 * 86_400


def consent_url(request: ConsentRequest, settings: ShopifySettings) -> str:
    """Shopify's page where the shop's owner allows the app in."""
    if settings.client_id is None or settings.client_secret is None:
        raise ChannelMisconfiguredError(
            "set client_id and client_secret of the app, or the token of a custom app"
        )
    query = {
        "client_id": settings.client_id,
        "scope": ",".join(settings.scopes),
        "redirect_uri": request.redirect_url,
        "state": request.state,
    }
    return f"{settings.address}/admin/oauth/authorize?{urlencode(query)}"


def token_for(request: ConsentRequest, answer: Mapping[str, str], settings: ShopifySettings) -> Token:
    """The token for the code that came back, once it is sure that Shopify sent it."""
    code = answer.get("code")
    if not code:
        raise ChannelMisconfiguredError(
            "Shopify sent no code: allow the app on its page, then give the whole address"
        )
    if answer.get("state", request.state) != request.state:
        raise ChannelMisconfiguredError("the code belongs to another attempt to connect: begin again")
    if answer.get("shop", settings.domain) != settings.domain:
        raise ChannelMisconfiguredError(f"the code is for another shop than {settings.domain}: begin again")
    desk = TokenDesk("connecting", settings)
    if "hmac" in answer and not hmac.compare_digest(redirect_signature(desk.secret, answer), answer["hmac"]):
        raise ChannelMisconfiguredError(
            "the address you were sent back to is not signed by Shopify: begin again"
        )
    token = desk.for_code(code)
    missing = _missing(settings.scopes, token.facts.get("scope", ""))
    if missing:
        raise ChannelMisconfiguredError(
            f"the app was not granted {', '.join(missing)}: add them to the app, then connect"
        )
    return token


def redirect_signature(secret: SecretStr, answer: Mapping[str, str]) -> str:
    """Lower-case hex over the sorted parameters of the redirect, without the signature itself."""
    pairs = sorted((name, value) for name, value in answer.items() if name != "hmac")
    text = "&".join(f"{name}={value}" for name, value in pairs)
    return hmac.new(secret.get_secret_value().encode(), text.encode(), hashlib.sha256).hexdigest()


def _missing(wanted: tuple[str, ...], granted: str) -> list[str]:
    """Scopes that were not granted; who may write may read."""
    held = {scope.strip() for scope in granted.split(",")}
    held |= {scope.replace("write_", "read_", 1) for scope in held}
    return [scope for scope in wanted if scope not in held]


class TokenDesk:
    """The requests for tokens."""

    def __init__(self, account: str, settings: ShopifySettings) -> None:
        if settings.client_id is None or settings.client_secret is None:
            raise ChannelMisconfiguredError(
                f"{account}: the token cannot be had or renewed without client_id and client_secret"
            )
        self._id, self.secret = settings.client_id, settings.client_secret
        self._http = ChannelHttp(
            account,
            settings.address,
            secrets=(self.secret,),
            allow_private_network=settings.allow_private_network,
        )

    def for_code(self, code: str) -> Token:
        """The token for what the consent brought back; a code works once."""
        return self._ask({"code": code, "expiring": "1"}, {})

    def refreshed(self, spent: Token) -> Token:
        """The next token, with the next token to renew it."""
        if spent.refresh is None:
            raise ChannelMisconfiguredError(
                "the access token has ended and there is none to renew it with; connect the account again"
            )
        asked = {"grant_type": "refresh_token", "refresh_token": spent.refresh.get_secret_value()}
        return self._ask(asked, spent.facts)

    def _ask(self, asked: Mapping[str, str], facts: Mapping[str, str]) -> Token:
        body: Json = {"client_id": self._id, "client_secret": self.secret.get_secret_value(), **asked}
        answer = self._http.request_json(
            "POST", "/admin/oauth/access_token", effect=True, json=body, accept=(400, 401, 403)
        )
        told = Document(answer.body)
        if answer.status != 200:
            words = told.get("error_description") or told.get("error") or told.get("errors")
            said = "" if words is None else f": {self._http.redact(words.shown())}"
            raise ChannelMisconfiguredError(
                f"no token{said}; connect the account again (`syncworker channel connect`)"
            )
        return _token(told, facts, answer.channel_time or datetime.now(UTC))


def _token(told: Document, facts: Mapping[str, str], now: datetime) -> Token:
    refresh, scope = told.get("refresh_token"), told.get("scope")
    return Token(
        access=SecretStr(told["access_token"].text()),
        refresh=None if refresh is None else SecretStr(refresh.text()),
        expires_at=_end(told.get("expires_in"), now),
        refresh_expires_at=_end(told.get("refresh_token_expires_in"), now),
        facts={**facts, **({} if scope is None else {"scope": scope.text()})},
    )


def _end(span: Document | None, now: datetime) -> datetime | None:
    return None if span is None else now + timedelta(seconds=span.whole(most=_SPAN_MAX_S))


class ShopifyAuthorizer:
    """Puts the token in force into each request of one account."""

    def __init__(
        self,
        account: str,
        settings: ShopifySettings,
        tokens: TokenStore,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._account, self._settings, self._tokens, self._clock = account, settings, tokens, clock

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with the token."""
        return replace(request, headers={**request.headers, TOKEN_HEADER: self._access()})

    def renew(self) -> bool:
        """After a 401: a fresh token, where there can be one. Raises ``RetryLaterError`` if that failed."""
        token = None if self._settings.token is not None else self._tokens.current()
        if token is None or token.refresh is None:
            return False
        self._renewed(token)
        return True

    def _access(self) -> SecretStr:
        if self._settings.token is not None:
            return self._settings.token
        token = self._tokens.current()
        if token is None:
            raise ChannelMisconfiguredError(
                f"{self._account} is not connected yet: run `syncworker channel connect {self._account}`, "
                "or set the token of a custom app"
            )
        if token.expires_at is None or token.refresh is None:
            return token.access
        now = datetime.fromtimestamp(self._clock(), UTC)
        if now < token.expires_at - RENEW_BEFORE:
            return token.access
        try:
            return self._renewed(token).access
        except RetryLaterError:
            if now < token.expires_at:
                return token.access
            raise

    def _renewed(self, spent: Token) -> Token:
        desk = TokenDesk(self._account, self._settings)
        try:
            return self._tokens.renew(spent, desk.refreshed)
        except (ChannelMisconfiguredError, RetryLaterError):
            raise
        except ChannelError as error:
            problem = f"the access token could not be renewed: {error}"
        # The request that wanted it has not left, whatever became of the one for the token.
        raise RetryLaterError(problem)
