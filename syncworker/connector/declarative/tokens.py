"""How does an account get tokens that run out, and renew them? Asked for in time, stored before anybody uses them.

A token that cannot be renewed serves to its end. What a person alone can mend is said with its next step.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr

from syncworker.connector.answers import Answer, Json
from syncworker.connector.auth import Outgoing, Token, TokenStore, Value
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.fields import finder
from syncworker.connector.declarative.proofs import (
    OAuth2ClientAuth,
    OAuth2RefreshAuth,
    SessionAuth,
    TokenPlace,
)
from syncworker.connector.declarative.request import exact_json
from syncworker.connector.http import ChannelHttp, Content
from syncworker.errors import (
    ChannelError,
    ChannelMisconfiguredError,
    MalformedAnswerError,
    RequestRefusedError,
    RetryLaterError,
)

#: Fact of a token: by which first refresh token of the settings it came, as a digest; and by which ones those before it did.
SEED, EARLIER_SEEDS = "seed", "earlier_seeds"
#: So many of those are remembered.
_EARLIER_MAX = 20
#: Shorter values of a body are ordinary words.
_SECRET_LEAST = 4


@runtime_checkable
class _KeepsFirst(Protocol):
    def keep_first(self, token: Token) -> Token: ...


class TokenProof:
    """Adds a token that runs out, and gets a new one in time. While that fails, the old one serves to its end."""

    def __init__(
        self,
        spec: TokenPlace,
        tokens: TokenStore,
        fetch: Callable[[Token], Token],
        seed: Token | None,
        *,
        once: bool = False,
    ) -> None:
        """``once``: a refresh token works once, so that one which was put in before is none any more."""
        self._spec, self._tokens, self._fetch, self._seed, self._once = spec, tokens, fetch, seed, once
        self._used: Token | None = None

    def authorize(self, request: Outgoing) -> Outgoing:
        """The request with a token that still holds."""
        token = self._used = self._in_force()
        value = SecretStr(self._spec.prefix + token.access.get_secret_value())
        return with_value(request, self._spec.put, self._spec.name, value)

    def renew(self) -> bool:
        """A new token instead of the one that was refused."""
        token = self._tokens.current()
        if token is None:
            return False
        if self._used is None or token == self._used:
            # Else another worker renewed it while our request was on its way.
            self._tokens.renew(token, self._fetch)
        return True

    def _in_force(self) -> Token:
        """What the store has, renewed in time, unless the seller has since put another first refresh token into the settings."""
        token = self._tokens.current() or self._put_first()
        if self._seed is not None and self._is_put_anew(token):
            seed = replace(self._seed, facts={**self._seed.facts, EARLIER_SEEDS: _earlier(token)})
            # What is there is replaced by what the new one brings, so a mistyped one replaces nothing.
            return self._renewed(token, lambda _spent: self._fetch(seed), RetryLaterError)
        if not token.access.get_secret_value() or _ends_soon(token, self._spec.early_s):
            return self._renewed(token, self._fetch, RetryLaterError, ChannelMisconfiguredError)
        return token

    def _is_put_anew(self, token: Token) -> bool:
        told = None if self._seed is None else self._seed.facts.get(SEED)
        if told is None or token.facts.get(SEED) in {None, told}:
            return False
        # Another worker has read newer settings than this one: its first token came after ours.
        return not (self._once and told in _earlier(token).split())

    def _renewed(self, token: Token, fetch: Callable[[Token], Token], *harmless: type[ChannelError]) -> Token:
        """The next token; after one of the ``harmless`` failures the present one as long as it holds."""
        try:
            return self._tokens.renew(token, fetch)
        except harmless:
            if not token.access.get_secret_value() or _ends_soon(token, 0.0):
                raise
        return token

    def _put_first(self) -> Token:
        if self._seed is None:
            raise ChannelMisconfiguredError("the account is not connected; run `syncworker channel connect`")
        return self._tokens.keep_first(self._seed) if isinstance(self._tokens, _KeepsFirst) else self._seed


def _earlier(token: Token) -> str:
    """Digests of the first tokens that were put in up to this one, the newest last."""
    known = [*token.facts.get(EARLIER_SEEDS, "").split(), token.facts.get(SEED, "")]
    return " ".join(known[-_EARLIER_MAX:])


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


def token_proof(
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
    seed = None
    if first:
        digest = hashlib.sha256(first.encode()).hexdigest()[:16]
        seed = Token(access=SecretStr(""), refresh=SecretStr(first), facts={SEED: digest})
    again = (
        f"run `syncworker channel connect {name}`"
        if seed is None
        else f"get a new one and put it into the settings of {name}"
    )
    return TokenProof(
        spec,
        tokens,
        lambda spent: _by_refresh(spec, account, source, spent, again),
        seed,
        once=spec.rotate,
    )


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


def _by_refresh(
    spec: OAuth2RefreshAuth, account: Account, source: TokenSource, spent: Token, again: str
) -> Token:
    if spent.refresh is None:
        raise ChannelMisconfiguredError(f"the token cannot be renewed; {again}")
    facts: dict[str, Json] = {"refresh_token": spent.refresh.get_secret_value(), "facts": dict(spent.facts)}
    body = {name: template.bind(account.values)(facts) for name, template in spec.body.items()}
    try:
        answer = source.ask(body, as_json=spec.encode == "json", once=spec.rotate)
    except ChannelMisconfiguredError as error:
        if not spec.rotate:
            raise
        problem = str(error)
    else:
        return _refreshed(spec, answer, spent)
    # Whoever was stopped between the channel's answer and the store has lost the successor; nothing but a person helps.
    raise ChannelMisconfiguredError(
        f"{problem}. A refresh token works once, and the answer to an earlier renewal may have been lost: {again}"
    )


def _refreshed(spec: OAuth2RefreshAuth, answer: Answer, spent: Token) -> Token:
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
