"""How does a manifest's request reach the channel? Filled in, paced, ruled on; one call each, never repeated here."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from pydantic import SecretStr

from syncworker.connector.answers import Answer, Json
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.manifest import Manifest
from syncworker.connector.declarative.parts import IdempotencySpec
from syncworker.connector.declarative.request import BoundRequest, Filled, QueryValue
from syncworker.connector.declarative.rules import Judgement, Rulebook
from syncworker.connector.declarative.template import Facts
from syncworker.connector.http import Content, Query
from syncworker.connector.pace import Pace
from syncworker.connector.ruling import Judge


class Wire(Protocol):
    """What of ``ChannelHttp`` is used."""

    def request_json(
        self,
        method: str,
        path: str,
        *,
        effect: bool,
        query: Query = ...,
        json: Json = ...,
        content: Content | None = ...,
        headers: Mapping[str, str] = ...,
        accept: Collection[int] = ...,
        judge: Judge | None = ...,
        pace: Pace = ...,
    ) -> Answer:
        """One request."""

    def request_text(
        self,
        method: str,
        path: str,
        *,
        query: Query = ...,
        headers: Mapping[str, str] = ...,
        pace: Pace = ...,
    ) -> Answer:
        """One request whose answer is text."""

    def redact(self, text: str) -> str:
        """``text`` without secrets."""


@dataclass(frozen=True, slots=True)
class Once:
    """An idempotency key, and where it stands."""

    key: str = ""
    header: str | None = None
    query: str | None = None
    body: str | None = None


def once(spec: IdempotencySpec | None, keys: Sequence[str]) -> Once | None:
    """The key of a batch: the same for a repeat of the same one, another for every other; none if a push has none."""
    if spec is None or not all(keys):
        return None
    key = keys[0] if len(keys) == 1 else hashlib.sha256("\n".join(keys).encode()).hexdigest()
    return Once(key, spec.header, spec.query, spec.body)


class Caller:
    """Sends the requests of one account."""

    def __init__(
        self,
        manifest: Manifest,
        account: Account,
        wire: Wire,
        *,
        name: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.account, self.rules, self.wire = account, Rulebook(manifest, account), wire
        self.sleep = sleep
        self._name = name
        self._query = {key: one.bind(account.values) for key, one in manifest.query.items()}
        self._secret_query = {
            key
            for key, one in manifest.query.items()
            if isinstance(one.value, str) and account.is_secret(one.value)
        }
        self._paces: dict[str, Pace] = {}
        self._cfg: Json = account.open_values

    def facts(self, **facts: Json) -> Facts:
        """Facts of a call: the settings as ``cfg``, and a ``nonce`` that keeps caches away."""
        return {"cfg": self._cfg, "nonce": secrets.token_hex(8), **facts}

    def now(self) -> datetime:
        """The time, for what a request may say of it."""
        return datetime.now(UTC)

    def judgement(self, *, effect: bool, wanted: Callable[[int, Json], bool] | None = None) -> Judgement:
        """A fresh judge for one request."""
        return Judgement(self.rules, effect, wanted)

    def send(
        self,
        request: BoundRequest,
        facts: Facts,
        *,
        effect: bool,
        judge: Judgement | None = None,
        once: Once | None = None,
        instead: Filled | None = None,
    ) -> Answer:
        """One call and its answer; raises as ``ChannelHttp.request_json`` does.

        ``instead`` is a request that is filled in already: the next page, at an address that the channel named.
        """
        key = once or Once()
        judge = judge or self.judgement(effect=effect)
        judge.request = request.name
        filled = instead or request.fill(facts, key_name=key.body, key=key.key)
        return self.wire.request_json(
            filled.method,
            filled.path,
            effect=effect,
            query={**self._common(facts), **filled.query, **({key.query: key.key} if key.query else {})},
            json=filled.json,
            content=filled.content,
            headers={**filled.headers, **({key.header: key.key} if key.header else {})},
            judge=judge,
            pace=self._pace_of(request),
        )

    def text(self, request: BoundRequest, facts: Facts) -> str:
        """A text, a report file for instance."""
        filled = request.fill(facts)
        query = {**self._common(facts), **filled.query}
        pace = self._pace_of(request)
        answer = self.wire.request_text(
            filled.method, filled.path, query=query, headers=filled.headers, pace=pace
        )
        return answer.body if isinstance(answer.body, str) else ""

    def _pace_of(self, request: BoundRequest) -> Pace:
        """The operation's own allowance. Waits here for as long as the channel told by its headers."""
        if self.rules.limits is not None:
            self.rules.limits.wait(request.name, self.sleep)
        pace = self._paces.get(request.name)
        if pace is None:
            allowances = request.pace.allowances(self.account.values)
            pace = Pace(f"{self._name} {request.name}", allowances, sleep=self.sleep)
            self._paces[request.name] = pace
        return pace

    def _common(self, facts: Facts) -> dict[str, QueryValue]:
        found = {name: fill(facts) for name, fill in self._query.items()}
        return {
            name: SecretStr(str(value)) if name in self._secret_query else str(value)
            for name, value in found.items()
            if value is not None
        }
