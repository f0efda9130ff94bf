"""How does a connector speak HTTP? One guarded request, and an error that says what its caller should do.

Never sends a write twice, follows a redirect, or lets a token into an error or a log. What matters most is told apart:
an error from before the first byte left (nothing was applied) and one from after (a write may have been applied).
"""

from __future__ import annotations

import json as json_text
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

import requests
import structlog
import tenacity
from pydantic import SecretStr

from syncworker.connector.answers import (
    STATUS_TABLE,
    Answer,
    Json,
    Verdict,
    http_date,
    read_json,
)
from syncworker.connector.auth import Authorizer, Outgoing, Value
from syncworker.connector.failures import FAILURES, transport_error
from syncworker.connector.pace import UNPACED, AllowanceUsedUpError, Pace
from syncworker.connector.redaction import Redactor
from syncworker.connector.ruling import Judge, Ruling, moved_away, own_words, readable, ruled
from syncworker.connector.tape import current as current_tape
from syncworker.connector.transport import (
    Flight,
    SendWindow,
    current_window,
    fly,
    open_session,
)
from syncworker.errors import (
    ChannelError,
    ChannelMisconfiguredError,
    MalformedAnswerError,
    OutcomeUnknownError,
    RetryLaterError,
)

#: The longest that one request may take, its answer's last byte included, whatever the horizon.
TOTAL_S = 20.0
#: Share of the declared horizon that one request may take: it has to be less than half of it.
HORIZON_SHARE = 0.45
#: Seconds for which a read is tried again, the first try included.
RETRY_READS_S = 8.0
#: The largest believable answer, unpacked.
BODY_MAX_BYTES = 10 * 1024 * 1024

#: A list is sent as its name several times.
Query: TypeAlias = Mapping[str, str | int | SecretStr | Sequence[str | int] | None]


class Content(NamedTuple):
    """A body that is not JSON."""

    body: bytes
    media_type: str


_log = structlog.get_logger("syncworker.channel")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One request, and what its answer has to be."""

    outgoing: Outgoing
    effect: bool
    accept: Collection[int]
    read: Callable[[bytes], Json]
    judge: Judge | None = None
    #: An allowance of this operation's own, beside the account's.
    pace: Pace = UNPACED


class ChannelHttp:
    """The HTTP side of one channel account. May be shared by threads: each has a session of its own."""

    def __init__(
        self,
        account: str,
        base_url: str,
        *,
        headers: Mapping[str, str | SecretStr] = MappingProxyType({}),
        secrets: Collection[SecretStr] = (),
        allow_private_network: bool = False,
        horizon_s: float = 120.0,
        timeout_s: float | None = None,
        statuses: Mapping[int, Verdict] = MappingProxyType({}),
        allowances: Sequence[str] = (),
        authorizer: Authorizer | None = None,
        renew_on: Collection[int] = (401,),
        retry_reads_s: float = RETRY_READS_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``headers`` go with every request; ``secrets`` (name those sent in a query too) and secret headers are cut
        out of all errors and logs.

        ``horizon_s`` is the channel's declared request horizon: a request is given up well before half of it, and after
        ``timeout_s`` where that is shorter.
        ``statuses`` overrides entries of ``STATUS_TABLE``; ``allowances`` are rate limits such as ``"10/second"`` or ``"4 at once"``.
        ``authorizer`` signs each request right before it leaves; at a status in ``renew_on`` (which has to be one that
        is answered before any effect) it renews its proof and the request is sent once more.
        """
        self.account, self._base_url = account, base_url.rstrip("/")
        self.host = _host(base_url)
        self._headers = dict(headers)
        self._redactor = Redactor([*secrets, *(v for v in headers.values() if isinstance(v, SecretStr))])
        self._authorizer, self._renew_on = authorizer, frozenset(renew_on)
        self._allow_private_network = allow_private_network
        self._total_s = min(TOTAL_S, HORIZON_SHARE * horizon_s, TOTAL_S if timeout_s is None else timeout_s)
        self._statuses = {**STATUS_TABLE, **statuses}
        self._pace = Pace(account, allowances, sleep=sleep)
        self._retry_reads_s, self._sleep = retry_reads_s, sleep
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"<ChannelHttp {self.account} at {self.host}>"

    def request_json(
        self,
        method: str,
        path: str,
        *,
        effect: bool,
        query: Query = MappingProxyType({}),
        json: Json = None,
        content: Content | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        accept: Collection[int] = (),
        window: SendWindow | None = None,
        judge: Judge | None = None,
        pace: Pace = UNPACED,
    ) -> Answer:
        """One request and its JSON answer. ``effect`` says whether it can change anything at the channel.

        With an effect it is sent at most once: ``RetryLaterError``, ``RequestRefusedError`` and
        ``ChannelMisconfiguredError`` promise that nothing was applied, ``OutcomeUnknownError`` says it may have been.
        It does not leave after ``window`` (or the enclosing ``SendWindow``) has passed. Without an effect it is tried
        again for a few seconds, and an unreadable answer is a ``MalformedAnswerError``.

        2xx and the statuses in ``accept`` are returned, every other one raises. The caller quotes what it puts into
        ``path``. The body is ``json`` or ``content``. ``judge`` may rule otherwise on any answer that came. ``pace`` is kept
        beside the account's own, at each try.
        """
        outgoing = self._outgoing(method, path, query, json, content, headers)
        call = _Call(outgoing=outgoing, effect=effect, accept=accept, read=read_json, judge=judge, pace=pace)
        return self._answered(call, window)

    def request_text(
        self,
        method: str,
        path: str,
        *,
        query: Query = MappingProxyType({}),
        headers: Mapping[str, str] = MappingProxyType({}),
        pace: Pace = UNPACED,
    ) -> Answer:
        """A request without effect whose answer is text, a report file for instance: ``body`` is a ``str``."""
        outgoing = self._outgoing(method, path, query, None, None, {"Accept": "*/*", **headers})
        return self._answered(
            _Call(outgoing=outgoing, effect=False, accept=(), read=_read_text, pace=pace), None
        )

    def close(self) -> None:
        """Close this thread's connections; the next request opens new ones."""
        session: requests.Session | None = self._local.__dict__.pop("session", None)
        if session is not None:
            session.close()

    def redact(self, text: str) -> str:
        """``text`` without any secret of this channel."""
        return self._redactor.redact(text)

    # ------------------------------------------------------------------ one request

    def _answered(self, call: _Call, window: SendWindow | None) -> Answer:
        if call.effect:
            return self._once(call, window or current_window())
        for attempt in self._attempts():
            with attempt:
                return self._once(call, None)
        raise AssertionError("tenacity ends by an answer or an error")

    def _once(self, call: _Call, window: SendWindow | None) -> Answer:
        stale, result = self._flown(call, window)
        if stale and self._authorizer is not None and self._authorizer.renew():
            _, result = self._flown(call, window)
        # Raised here and not in a handler, so that no traceback carries the library's error with its full address.
        if isinstance(result, ChannelError):
            raise result
        return result

    def _flown(self, call: _Call, window: SendWindow | None) -> tuple[bool, Answer | ChannelError]:
        """The answer or error, and whether it says that the proof is stale."""
        with self._pace.turn(), call.pace.turn():
            session = self._session()
            request = self._prepared(session, call.outgoing)
            path = self.redact(call.outgoing.path)
            what = self.redact(f"{request.method} {self.host}{path}")
            flight = Flight(total_s=self._total_s, window=window)
            flown = self._fly(session, request, flight, what, effect=call.effect)
        status: int | None = None
        stale: bool
        result: Answer | ChannelError
        if isinstance(flown, ChannelError):
            stale, result = False, flown
        else:
            status = flown[0].status_code
            stale, result = self._judge(*flown, what, call)
        _log.debug(
            "channel call",
            channel=self.account,
            method=request.method,
            host=self.host,
            path=path,
            status=status,
            problem=str(result) if isinstance(result, ChannelError) else None,
            ms=round(flight.elapsed_s() * 1000),
        )
        return stale, result

    def _fly(
        self,
        session: requests.Session,
        request: requests.PreparedRequest,
        flight: Flight,
        what: str,
        *,
        effect: bool,
    ) -> tuple[requests.Response, bytes] | ChannelError:
        tape = current_tape()
        try:
            if tape is None:
                return fly(session, request, flight, max_bytes=BODY_MAX_BYTES)
            return tape.fly(session, request, flight, max_bytes=BODY_MAX_BYTES, redact=self.redact)
        except FAILURES as error:
            return transport_error(error, flight, what, effect=effect)

    def _judge(
        self, response: requests.Response, raw: bytes, what: str, call: _Call
    ) -> tuple[bool, Answer | ChannelError]:
        status = response.status_code
        headers = {name.lower(): value for name, value in response.headers.items()}
        ruling = None if call.judge is None else call.judge(status, readable(raw), headers)
        if ruling is not None and ruling.verdict is not None:
            return ruling.renew, ruled(response, what, ruling, redact=self.redact, effect=call.effect)
        if ruling is None and not (200 <= status < 300 or status in call.accept):
            return status in self._renew_on, self._status_error(response, raw, what, effect=call.effect)
        try:
            body = None if not raw and (status == 204 or ruling is not None) else call.read(raw)
        except MalformedAnswerError as error:
            problem = f"{what}: {error}"
            return False, OutcomeUnknownError(problem) if call.effect else MalformedAnswerError(problem)
        return False, Answer(
            status=status, body=body, headers=headers, channel_time=http_date(response.headers.get("Date"))
        )

    def _status_error(
        self, response: requests.Response, raw: bytes, what: str, *, effect: bool
    ) -> ChannelError:
        status = response.status_code
        if 300 <= status < 400 and not effect:
            return ChannelMisconfiguredError(moved_away(response, what))
        verdict = self._statuses.get(status, Verdict.UNKNOWN)
        code, message = own_words(raw)
        ruling = Ruling(verdict=verdict, code=code, message=message)
        return ruled(response, what, ruling, redact=self.redact, effect=effect)

    # ------------------------------------------------------------------ around it

    def _outgoing(
        self,
        method: str,
        path: str,
        query: Query,
        json: Json,
        content: Content | None,
        headers: Mapping[str, str],
    ) -> Outgoing:
        if content is None and json is not None:
            content = Content(json_text.dumps(json, allow_nan=False).encode(), "application/json")
        typed: dict[str, str] = {} if content is None else {"Content-Type": content.media_type}
        return Outgoing(
            method=method,
            path=path,
            query=tuple(_pairs(query)),
            headers={"Accept": "application/json", **typed, **self._headers, **headers},
            body=None if content is None else content.body,
            media_type="" if content is None else content.media_type,
        )

    def _prepared(self, session: requests.Session, outgoing: Outgoing) -> requests.PreparedRequest:
        if self._authorizer is not None:
            outgoing = self._authorizer.authorize(outgoing)
        values = [*(value for _, value in outgoing.query), *outgoing.headers.values()]
        self._redactor.learn(value for value in values if isinstance(value, SecretStr))
        request = requests.Request(
            outgoing.method,
            self._base_url + outgoing.path,
            headers={name: _reveal(value) for name, value in outgoing.headers.items()},
            params=[(name, _reveal(value)) for name, value in outgoing.query],
            data=outgoing.body,
        )
        try:
            return session.prepare_request(request)
        except (requests.RequestException, ValueError) as error:
            problem = type(error).__name__
        raise ChannelMisconfiguredError(f"{self.host}: address or headers cannot be used ({problem})")

    def _session(self) -> requests.Session:
        local = self._local.__dict__
        if local.get("pid") != os.getpid():
            # After a fork the parent's connections are not ours.
            local.update(pid=os.getpid(), session=None)
        session: requests.Session | None = local.get("session")
        if session is None:
            session = local["session"] = open_session(allow_private_network=self._allow_private_network)
        return session

    def _attempts(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(_worth_another_try),
            stop=tenacity.stop_before_delay(self._retry_reads_s),
            wait=_wait_s,
            sleep=self._sleep,
            reraise=True,
        )


_jitter = tenacity.wait_random_exponential(multiplier=0.25, max=4)


def _worth_another_try(error: BaseException) -> bool:
    return isinstance(error, RetryLaterError) and not isinstance(error, AllowanceUsedUpError)


def _wait_s(state: tenacity.RetryCallState) -> float:
    """What the channel asked for, else a random time that grows with each try."""
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, RetryLaterError) else None
    return _jitter(state) if asked_s is None else asked_s


def _host(base_url: str) -> str:
    parts = urlsplit(base_url)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.username
        or parts.query
        or parts.fragment
    ):
        raise ChannelMisconfiguredError(
            "base_url must look like https://shop.example/api, without password or query"
        )
    return parts.netloc


def _reveal(value: Value) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _pairs(query: Query) -> Iterator[tuple[str, Value]]:
    for name, value in query.items():
        if isinstance(value, str | int | SecretStr):
            yield name, _text(value)
        elif value is not None:
            yield from ((name, _text(one)) for one in value)


def _text(value: str | int | SecretStr) -> Value:
    return str(value) if isinstance(value, int) else value


def _read_text(raw: bytes) -> Json:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    raise MalformedAnswerError("the answer is not UTF-8 text")
