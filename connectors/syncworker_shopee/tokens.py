"""How does an account stay connected? Codes and refresh tokens become access tokens; each request is signed.

Keeps no token itself: the token store does, and the desk asks for it in time. A refresh token works once: its successor
is stored before anybody uses it, and what is refused as spent asks for a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from pydantic import SecretStr

from syncworker.connector import (
    ChannelHttp,
    ChannelMisconfiguredError,
    Document,
    Json,
    MalformedAnswerError,
    OutcomeUnknownError,
    Outgoing,
    RequestRefusedError,
    Token,
    TokenDesk,
    TokenStore,
)
from syncworker_shopee.refusals import judge
from syncworker_shopee.settings import ShopeeSettings
from syncworker_shopee.signing import request_signature

_CONSENT = "/api/v2/shop/auth_partner"
_BY_CODE = "/api/v2/auth/token/get"
_BY_REFRESH = "/api/v2/auth/access_token/get"
#: Renewed this long before it ends; an access token lives for four hours.
RENEW_BEFORE = timedelta(minutes=15)
#: A refresh token that is not used ends after thirty days.
REFRESH_LIVES = timedelta(days=30)


class TokenOffice:
    """The public requests for tokens, signed without one."""

    def __init__(
        self, account: str, settings: ShopeeSettings, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._account, self._settings, self._clock = account, settings, clock

    def consent_url(self, redirect_url: str) -> str:
        """Shopee's page for the seller; good for five minutes."""
        query = {**self._signed(_CONSENT), "redirect": redirect_url}
        return f"{self._settings.base_url.rstrip('/')}{_CONSENT}?{urlencode(query)}"

    def for_code(self, code: str, shop_id: str) -> Token:
        """The token for what the seller's consent brought back; a code lives for ten minutes and works once."""
        return self._ask(_BY_CODE, "code", SecretStr(code), shop_id)

    def refreshed(self, spent: Token) -> Token:
        """The next token, with the next refresh token."""
        shop_id = spent.facts.get("shop_id")
        if shop_id is None:
            raise ChannelMisconfiguredError("the token names no shop; connect the account again")
        return self._ask(_BY_REFRESH, "refresh_token", spent.refresh or SecretStr(""), shop_id)

    def _ask(self, path: str, name: str, given: SecretStr, shop_id: str) -> Token:
        body: Json = {
            name: given.get_secret_value(),
            "shop_id": int(shop_id),
            "partner_id": self._settings.partner_id,
        }
        try:
            answer = self._http(given).request_json(
                "POST", path, effect=True, query=self._signed(path), json=body, judge=judge
            )
            return self._token(Document(answer.body), shop_id)
        except (ChannelMisconfiguredError, RequestRefusedError) as error:
            refused = str(error)
        except MalformedAnswerError as error:
            raise OutcomeUnknownError(f"the answer with a token cannot be read: {error}") from error
        raise ChannelMisconfiguredError(
            f"no token: {refused}; connect the account again (`syncworker channel connect {self._account}`)"
        )

    def _http(self, given: SecretStr) -> ChannelHttp:
        return ChannelHttp(
            self._account,
            self._settings.base_url,
            secrets=(self._settings.partner_key, given),
            allow_private_network=self._settings.allow_private_network,
            renew_on=(),
        )

    def _signed(self, path: str) -> dict[str, str]:
        partner_id, now = self._settings.partner_id, int(self._clock())
        sign = request_signature(self._settings.partner_key.get_secret_value(), partner_id, path, now)
        return {"partner_id": str(partner_id), "timestamp": str(now), "sign": sign}

    def _token(self, body: Document, shop_id: str) -> Token:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return Token(
            access=SecretStr(body["access_token"].text()),
            refresh=SecretStr(body["refresh_token"].text()),
            expires_at=now + timedelta(seconds=body["expire_in"].whole(least=1, most=10**8)),
            refresh_expires_at=now + REFRESH_LIVES,
            facts={"shop_id": shop_id},
        )


class ShopeeAuthorizer:
    """Signs each request of one shop with the token in force."""

    def __init__(
        self,
        account: str,
        settings: ShopeeSettings,
        tokens: TokenStore,
        *,
        office: TokenOffice | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._account, self._settings, self._clock = account, settings, clock
        refreshed = (office or TokenOffice(account, settings, clock=clock)).refreshed
        self._desk = TokenDesk(account, tokens, refreshed, renew_before=RENEW_BEFORE, clock=clock)

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with partner, time, token, shop and signature, all of them in the query."""
        token = self._desk.in_force()
        shop_id, access = self.shop_id(token), token.access.get_secret_value()
        partner_id, now = self._settings.partner_id, int(self._clock())
        key = self._settings.partner_key.get_secret_value()
        sign = request_signature(key, partner_id, request.path, now, access, shop_id)
        query = (
            *request.query,
            ("partner_id", str(partner_id)),
            ("timestamp", str(now)),
            ("access_token", token.access),
            ("shop_id", shop_id),
            ("sign", sign),
        )
        return replace(request, query=query)

    def renew(self) -> bool:
        """After "invalid token": another worker's newer one, or a fresh one. Raises ``RetryLaterError`` if that failed."""
        return self._desk.renew()

    def shop_id(self, token: Token | None = None) -> str:
        """The shop that is meant; ``ChannelMisconfiguredError`` if neither consent nor settings name it."""
        if self._settings.shop_id is not None:
            return str(self._settings.shop_id)
        known = (token or self._desk.current()).facts.get("shop_id")
        if known is None:
            raise ChannelMisconfiguredError(
                f"{self._account} has no shop yet: run `syncworker channel connect {self._account}`, or set shop_id"
            )
        return known

    def known_shop_id(self) -> str | None:
        """The same, ``None`` before anybody connected the account."""
        if self._settings.shop_id is not None:
            return str(self._settings.shop_id)
        return self._desk.fact("shop_id")


def shop_of(answer: Mapping[str, str], settings: ShopeeSettings) -> str:
    """The shop that the consent was given for."""
    told = answer.get("shop_id", "").strip()
    if told and settings.shop_id is not None and told != str(settings.shop_id):
        raise ChannelMisconfiguredError(
            f"the consent was given for shop {told}, shop_id is {settings.shop_id}: mend one of them"
        )
    shop_id = told or (str(settings.shop_id) if settings.shop_id is not None else "")
    if not shop_id.isascii() or not shop_id.isdecimal():
        raise ChannelMisconfiguredError(
            "Shopee named no shop: log in on its page with the shop's own account, not a main account, "
            "and give the whole address you were sent back to"
        )
    return shop_id
