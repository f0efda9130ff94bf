"""How does a request of a manifest prove who sends it? One authorizer a kind of proof, applied in the manifest's order.

A token that changes with each renewal is stored before anybody uses it; a refused log-in stops the channel.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import SecretStr

from syncworker.connector.answers import Answer, Json
from syncworker.connector.auth import Authorizer, KeptToken, Outgoing, Token, TokenStore, Value
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.fields import finder
from syncworker.connector.declarative.proofs import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    BearerAuth,
    HmacAuth,
    OAuth2ClientAuth,
    OAuth2RefreshAuth,
    SessionAuth,
    TokenPlace,
)
from syncworker.connector.declarative.request import exact_json
from syncworker.connector.declarative.signing import names, signed
from syncworker.connector.http import ChannelHttp, Content
from syncworker.errors import (
    ChannelError,
    ChannelMisconfiguredError,
    MalformedAnswerError,
    RequestRefusedError,
    RetryLaterError,
)

#: Shorter values of a body are ordinary words.
_SECRET_LEAST = 4


@runtime_checkable
class _Keeps(Protocol):
    def keep(self, token: Token) -> None: ...


class Proofs:
    """Several authorizers, one after the other."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self._authorizers = authorizers

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with every proof."""
        for one in self._authorizers:
            request = one.authorize(request)
        return request

    def renew(self) -> bool:
        """Whether one of them has a fresh proof."""
        renewed = [one.renew() for one in self._authorizers]
        return any(renewed)


class Fixed:
    """Adds the same header or parameter to every request."""

    def __init__(self, put: str, name: str, value: Callable[[], Value]) -> None:
        self._put, self._name, self._value = put, name, value

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with it."""
        return with_value(request, self._put, self._name, self._value())

    def renew(self) -> bool:
        """There is no other one."""
        return False


class Signed:
    """Signs each request."""

    def __init__(
        self, spec: HmacAuth, account: Account, host: str, base_path: str, tokens: TokenStore
    ) -> None:
        self._spec, self._account, self._tokens = spec, account, tokens
        self._host, self._base_path = host, base_path
        self._needs_token = "access_token" in names(spec.message)

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with its signature, and the time and random text that are part of it."""
        spec = self._spec
        added: list[tuple[str, Value]] = [
            (name, self._account.value(text)) for name, text in spec.params.items()
        ]
        stamp, nonce = _stamp(spec.add_timestamp), secrets.token_hex(16)
        if spec.add_timestamp is not None:
            added.append((spec.timestamp_name, stamp))
        if spec.nonce_name is not None:
            added.append((spec.nonce_name, nonce))
        if spec.put == "header":
            request = replace(request, headers={**request.headers, **dict(added)})
        else:
            request = replace(request, query=(*request.query, *added))
        signature = spec.prefix + signed(
            spec,
            self._account,
            self._facts(request, stamp, nonce),
            pairs=self._pairs(request),
            headers=_plain(request),
        )
        return with_value(request, spec.put, spec.name, SecretStr(signature))

    def renew(self) -> bool:
        """A signature is always fresh."""
        return False

    def _facts(self, request: Outgoing, stamp: str, nonce: str) -> Mapping[str, bytes]:
        left_out = any(request.media_type.startswith(kind) for kind in self._spec.without_body)
        body = b"" if request.body is None or left_out else request.body
        token = self._tokens.current() if self._needs_token else None
        path = self._base_path + request.path
        return {
            "method": request.method.encode(),
            "path": path.encode(),
            "host": self._host.encode(),
            "url": f"https://{self._host}{path}".encode(),
            "timestamp": stamp.encode(),
            "nonce": nonce.encode(),
            "body": body,
            "body_sha256": hashlib.sha256(body).hexdigest().encode(),
            "access_token": b"" if token is None else token.access.get_secret_value().encode(),
        }

    def _pairs(self, request: Outgoing) -> list[tuple[str, str]]:
        query = [(name, _reveal(value)) for name, value in request.query]
        if self._spec.params_in == "form" and request.body is not None:
            query += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        return query


class TokenProof:
    """Adds a token that runs out, and gets a new one in time."""

    def __init__(
        self, spec: TokenPlace, tokens: TokenStore, fetch: Callable[[Token], Token], seed: Token | None
    ) -> None:
        self._spec, self._tokens, self._fetch, self._seed = spec, tokens, fetch, seed

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with a token that still holds."""
        token = self._tokens.current() or self._seeded()
        if not token.access.get_secret_value() or _ends_soon(token, self._spec.early_s):
            token = self._tokens.renew(token, self._fetch)
        value = SecretStr(self._spec.prefix + token.access.get_secret_value())
        return with_value(request, self._spec.put, self._spec.name, value)

    def renew(self) -> bool:
        """A new token instead of the one that was refused."""
        token = self._tokens.current()
        if token is None:
            return False
        self._tokens.renew(token, self._fetch)
        return True

    def _seeded(self) -> Token:
        if self._seed is None:
            raise ChannelMisconfiguredError("the account is not connected; run `syncworker channel connect`")
        if isinstance(self._tokens, _Keeps):
            self._tokens.keep(self._seed)
        return self._seed


class TokenSource:
    """Asks for tokens, at an address of its own."""

    def __init__(self, account: Account, name: str, url: str, *, private: bool) -> None:
        parts = urlsplit(url)
        self._account, self._path = account, parts.path or "/"
        # A request for a token is no write of goods: asking twice does no harm, unless the refresh token is used up.
        self._http = ChannelHttp(
            f"{name} token",
            f"{parts.scheme}://{parts.netloc}",
            secrets=[SecretStr(str(account.values[key])) for key in account.secrets if account.values[key]],
            allow_private_network=private,
        )

    def ask(
        self,
        body: Mapping[str, Json] | None,
        *,
        as_json: bool,
        once: bool,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer; ``ChannelMisconfiguredError`` if the credentials are refused. ``once``: it must not be repeated."""
        try:
            return self._http.request_json(
                method,
                self._path,
                effect=once,
                content=None if body is None else _content(body, as_json=as_json),
                headers=headers or {},
            )
        except ChannelError as error:
            failure = error
        # Outside the handler: what was sent holds a secret that the channel may repeat in its own words.
        raise _no_token(failure, body or {})


def _no_token(failure: ChannelError, body: Mapping[str, Json]) -> ChannelError:
    """Nothing of the goods was touched: what was to be sent has not left yet."""
    said = f"no token: {failure}"
    for value in body.values():
        if isinstance(value, str) and len(value) >= _SECRET_LEAST:
            said = said.replace(value, "[redacted]")
    if isinstance(failure, RequestRefusedError | ChannelMisconfiguredError):
        return ChannelMisconfiguredError(said)
    asked_s = failure.retry_after_s if isinstance(failure, RetryLaterError) else None
    return RetryLaterError(said, retry_after_s=asked_s)


def authorizer(
    specs: Sequence[Auth], account: Account, tokens: TokenStore, *, name: str, base_url: str, private: bool
) -> Authorizer | None:
    """What makes the account's requests believable; ``None`` where nobody asks."""
    parts = urlsplit(base_url)
    renewable = tokens if any(isinstance(spec, OAuth2RefreshAuth) for spec in specs) else KeptToken()
    made: list[Authorizer] = []
    for spec in specs:
        if isinstance(spec, HmacAuth):
            made.append(Signed(spec, account, parts.netloc, parts.path.rstrip("/"), renewable))
        elif isinstance(spec, OAuth2ClientAuth | OAuth2RefreshAuth | SessionAuth):
            made.append(_token_proof(spec, account, renewable, name=name, base_url=base_url, private=private))
        elif isinstance(spec, BasicAuth | BearerAuth | ApiKeyAuth):
            made.append(_fixed(spec, account))
    # A signature covers what the others add, so it comes last.
    made.sort(key=lambda one: isinstance(one, Signed))
    return Proofs(made) if made else None


def _fixed(spec: BasicAuth | BearerAuth | ApiKeyAuth, account: Account) -> Authorizer:
    if isinstance(spec, BearerAuth):
        return Fixed("header", "Authorization", lambda: SecretStr(f"Bearer {account.text(spec.token)}"))
    if isinstance(spec, BasicAuth):
        pair = f"{account.text(spec.username)}:{account.text(spec.password)}"
        return Fixed(
            "header", "Authorization", lambda: SecretStr(f"Basic {base64.b64encode(pair.encode()).decode()}")
        )
    value = SecretStr(spec.prefix + account.text(spec.value))
    if spec.put == "cookie":
        return Fixed("header", "Cookie", lambda: SecretStr(f"{spec.name}={value.get_secret_value()}"))
    return Fixed(spec.put, spec.name, lambda: value)


def _token_proof(
    spec: OAuth2ClientAuth | OAuth2RefreshAuth | SessionAuth,
    account: Account,
    tokens: TokenStore,
    *,
    name: str,
    base_url: str,
    private: bool,
) -> TokenProof:
    url = base_url.rstrip("/") + spec.path if isinstance(spec, SessionAuth) else account.text(spec.token_url)
    source = TokenSource(account, name, url, private=private)
    empty = Token(access=SecretStr(""))
    if isinstance(spec, OAuth2ClientAuth):
        return TokenProof(spec, tokens, lambda _spent: _by_client(spec, account, source), empty)
    if isinstance(spec, SessionAuth):
        return TokenProof(spec, tokens, lambda _spent: _by_log_in(spec, account, source), empty)
    first = account.text(spec.refresh_token) if spec.refresh_token is not None else ""
    seed = Token(access=SecretStr(""), refresh=SecretStr(first)) if first else None
    return TokenProof(spec, tokens, lambda spent: _by_refresh(spec, account, source, spent), seed)


def _by_client(spec: OAuth2ClientAuth, account: Account, source: TokenSource) -> Token:
    body: dict[str, Json] = {"grant_type": "client_credentials"}
    if spec.scope is not None:
        body["scope"] = account.text(spec.scope)
    client, secret = account.text(spec.client_id), account.text(spec.client_secret)
    headers: dict[str, str] = {}
    if spec.client_auth == "body":
        body |= {"client_id": client, "client_secret": secret}
    else:
        headers["Authorization"] = f"Basic {base64.b64encode(f'{client}:{secret}'.encode()).decode()}"
    return _token(spec, source.ask(body, as_json=False, once=False, headers=headers))


def _by_log_in(spec: SessionAuth, account: Account, source: TokenSource) -> Token:
    body = None if spec.body is None else spec.body.bind(account.values)({})
    answer = source.ask(
        body if isinstance(body, dict) else None, as_json=True, once=False, method=spec.method
    )
    if spec.token_header is not None:
        value = answer.headers.get(spec.token_header.lower())
        if not value:
            raise MalformedAnswerError(
                f"the log-in answers without {spec.token_header}", path=spec.token_header
            )
        token = Token(access=SecretStr(value))
    else:
        token = _token(spec, answer)
    ends = None if spec.ttl_s is None else datetime.now(UTC) + timedelta(seconds=spec.ttl_s)
    return replace(token, expires_at=ends or token.expires_at)


def _by_refresh(spec: OAuth2RefreshAuth, account: Account, source: TokenSource, spent: Token) -> Token:
    if spent.refresh is None:
        raise ChannelMisconfiguredError("the token cannot be renewed; run `syncworker channel connect`")
    facts: dict[str, Json] = {"refresh_token": spent.refresh.get_secret_value(), "facts": dict(spent.facts)}
    body = {name: template.bind(account.values)(facts) for name, template in spec.body.items()}
    answer = source.ask(body, as_json=spec.encode == "json", once=spec.rotate)
    fresh = _token(spec, answer)
    refresh = finder(spec.refresh_path, {})(answer.body)
    if isinstance(refresh, str) and refresh:
        return replace(fresh, refresh=SecretStr(refresh), facts=spent.facts)
    if spec.rotate:
        raise MalformedAnswerError("the answer has no new refresh token", path=spec.refresh_path.text)
    return replace(fresh, refresh=spent.refresh, facts=spent.facts)


def _token(spec: TokenPlace, answer: Answer) -> Token:
    access = finder(spec.token_path, {})(answer.body)
    if not isinstance(access, str) or not access:
        raise MalformedAnswerError("the answer has no token", path=spec.token_path.text)
    lasts = None if spec.expires_path is None else finder(spec.expires_path, {})(answer.body)
    return Token(access=SecretStr(access), expires_at=_ends(lasts))


def _ends(lasts: Json) -> datetime | None:
    if isinstance(lasts, str) and lasts.isdigit():
        lasts = int(lasts)
    if isinstance(lasts, bool) or not isinstance(lasts, int) or lasts <= 0:
        return None
    if lasts > 1_000_000_000:
        return datetime.fromtimestamp(lasts, UTC)
    return datetime.now(UTC) + timedelta(seconds=lasts)


def _ends_soon(token: Token, early_s: float) -> bool:
    return token.expires_at is not None and token.expires_at - timedelta(seconds=early_s) <= datetime.now(UTC)


def _content(body: Mapping[str, Json], *, as_json: bool) -> Content:
    if as_json:
        return Content(exact_json(dict(body)).encode(), "application/json")
    pairs = {name: str(value) for name, value in body.items() if value is not None}
    return Content(urlencode(pairs).encode(), "application/x-www-form-urlencoded")


def with_value(request: Outgoing, put: str, name: str, value: Value) -> Outgoing:
    """The request with one more header or parameter."""
    if put == "header":
        return replace(request, headers={**request.headers, name: value})
    return replace(request, query=(*request.query, (name, value)))


def _plain(request: Outgoing) -> dict[str, str]:
    return {name.lower(): _reveal(value) for name, value in request.headers.items()}


def _reveal(value: Value) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _stamp(form: str | None) -> str:
    now = time.time()
    if form == "iso":
        return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(int(now * 1000 if form == "ms" else now))
