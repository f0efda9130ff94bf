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
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from syncworker.connector.auth import Authorizer, KeptToken, Outgoing, TokenStore, Value
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.proofs import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    BearerAuth,
    HmacAuth,
    OAuth2ClientAuth,
    OAuth2RefreshAuth,
    SessionAuth,
)
from syncworker.connector.declarative.signing import names, signed
from syncworker.connector.declarative.tokens import token_proof, with_value


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
            made.append(token_proof(spec, account, renewable, name=name, base_url=base_url, private=private))
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


def _plain(request: Outgoing) -> dict[str, str]:
    return {name.lower(): _reveal(value) for name, value in request.headers.items()}


def _reveal(value: Value) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _stamp(form: str | None) -> str:
    now = time.time()
    if form == "iso":
        return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(int(now * 1000 if form == "ms" else now))
