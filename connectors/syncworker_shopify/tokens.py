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
    ChannelHttp,
    ChannelMisconfiguredError,
    ConsentRequest,
    Document,
    Json,
    Outgoing,
    Token,
    TokenDesk,
    TokenStore,
    consent_code,
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
    code = consent_code(request, answer, channel="Shopify")
    if answer.get("shop", settings.domain) != settings.domain:
        raise ChannelMisconfiguredError(f"the code is for another shop than {settings.domain}: begin again")
    office = TokenOffice("connecting", settings)
    if "hmac" in answer and not hmac.compare_digest(
        redirect_signature(office.secret, answer), answer["hmac"]
    ):
        raise ChannelMisconfiguredError(
            "the address you were sent back to is not signed by Shopify: begin again"
        )
    token = office.for_code(code)
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


class TokenOffice:
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
        refresh = "" if spent.refresh is None else spent.refresh.get_secret_value()
        return self._ask({"grant_type": "refresh_token", "refresh_token": refresh}, spent.facts)

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
        self._own = settings.token
        self._desk = TokenDesk(
            account,
            tokens,
            lambda spent: TokenOffice(account, settings).refreshed(spent),
            renew_before=RENEW_BEFORE,
            instead=", or set the token of a custom app",
            clock=clock,
        )

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with the token."""
        access = self._own or self._desk.in_force().access
        return replace(request, headers={**request.headers, TOKEN_HEADER: access})

    def renew(self) -> bool:
        """After a 401: a fresh token, where there can be one. Raises ``RetryLaterError`` if that failed."""
        return self._own is None and self._desk.renew()
