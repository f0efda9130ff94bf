"""Has the request left, and is there still time? One guarded flight of one HTTP request over a `requests` session.

Never follows a redirect, repeats a request, keeps a cookie, reads proxy or netrc settings, or looks at a body's meaning.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import threading
import time
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from syncworker import __version__

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

USER_AGENT = f"syncworker/{__version__}"

#: Seconds until a connection stands. A channel that takes longer is as good as away.
CONNECT_S = 3.0
#: Seconds of silence after which no answer is expected any more.
READ_S = 10.0
#: An idle connection is not used again after so long: servers close theirs after 5 s and more, and a request that
#: meets such a closing has an unknown outcome for nothing.
IDLE_S = 4.0

# At DEBUG urllib3 logs whole query strings, and some channels carry their secrets there.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class TooLateError(requests.RequestException):
    """The moment until which the request was allowed to leave has passed; nothing was sent."""


class OverdueError(requests.Timeout):
    """The request's total time is used up."""


class Stopwatch:
    """Seconds since it was made: the longer of monotonic and wall time.

    Monotonic clocks stand still while a computer sleeps, wall clocks can be set back; a lid closed for an hour has to
    count as an hour.
    """

    __slots__ = ("_monotonic", "_wall")

    def __init__(self) -> None:
        self._monotonic, self._wall = time.monotonic(), time.time()

    def elapsed_s(self) -> float:
        """Seconds passed, never too few unless both clocks err."""
        return max(time.monotonic() - self._monotonic, time.time() - self._wall)


class SendWindow:
    """How long quantity requests may still leave: begun before their rows are committed, checked right before sending.

    Used as a context manager around a connector call; every request with ``effect=True`` inside obeys it.
    """

    def __init__(self, seconds: float) -> None:
        self._watch, self.seconds = Stopwatch(), seconds
        self._outer: SendWindow | None = None

    @property
    def left_s(self) -> float:
        """Seconds until nothing may leave any more; negative afterwards."""
        return self.seconds - self._watch.elapsed_s()

    def __enter__(self) -> SendWindow:
        self._outer, _state.window = current_window(), self
        return self

    def __exit__(self, *_: object) -> None:
        _state.window = self._outer


class Flight:
    """What is known of one request on its way."""

    __slots__ = ("_watch", "left", "total_s", "window")

    def __init__(self, *, total_s: float, window: SendWindow | None) -> None:
        self._watch, self.total_s, self.window = Stopwatch(), total_s, window
        #: Whether any byte may have left. True until our own adapter proves otherwise, so that a foreign adapter in
        #: its place is never believed.
        self.left = True

    def remaining_s(self) -> float:
        """Seconds of the total time that are left; raises ``OverdueError`` when there are none."""
        left_s = self.total_s - self._watch.elapsed_s()
        if left_s <= 0:
            raise OverdueError(f"no complete answer within {self.total_s:g} s")
        return left_s

    def elapsed_s(self) -> float:
        return self._watch.elapsed_s()

    def clear_to_send(self) -> None:
        """Raise unless a first byte may leave now; from here on the request counts as sent."""
        if self.left:
            return
        if self.window is not None and self.window.left_s <= 0:
            raise TooLateError(f"not sent: the {self.window.seconds:g} s for sending it had passed")
        self.remaining_s()
        self.left = True


class _State(threading.local):
    flight: Flight | None = None
    window: SendWindow | None = None


_state = _State()


def current_window() -> SendWindow | None:
    """The innermost ``SendWindow`` of this thread."""
    return _state.window


class _TimedReads(io.RawIOBase):
    """A socket's input that never waits longer than its flight has time, not even byte by byte."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        if _state.flight is not None:
            self._sock.settimeout(min(READ_S, _state.flight.remaining_s()))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        buffered: io.BufferedReader = self.fp
        self.fp = io.BufferedReader(_TimedReads(buffered.detach(), sock))


class _Guarded(HTTPConnection):
    """Notes the moment the first byte leaves, and refuses it when that is too late."""

    response_class = _TimedResponse
    _used_at = 0.0

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._used_at < IDLE_S and super().is_connected

    def send(self, data: object) -> None:
        if self.sock is None:
            self.connect()
        if _state.flight is not None:
            _state.flight.clear_to_send()
        self._used_at = time.monotonic()
        super().send(data)  # type: ignore[arg-type]  # http.client's own choice of types


class _GuardedTls(_Guarded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


class _Adapter(HTTPAdapter):
    """Our connections in requests' adapter; retries stay at 0."""

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def get_connection_with_tls_context(self, *args: object, **kwargs: object) -> HTTPConnectionPool:
        # The first thing the real adapter does: from here on our own connections tell whether a byte has left.
        if _state.flight is not None:
            _state.flight.left = False
        return super().get_connection_with_tls_context(*args, **kwargs)  # type: ignore[arg-type, return-value]


class _FilteredAdapter(_Adapter, IPFilterAdapter):  # type: ignore[misc]  # requests-hardened publishes no types
    pass


def open_session(*, allow_private_network: bool) -> requests.Session:
    """A session for one thread. Addresses of private networks and of this machine are refused unless allowed."""
    session: requests.Session = HTTPSession(
        Config(
            ip_filter_enable=False,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=(CONNECT_S, READ_S),
            user_agent_override=USER_AGENT,
        )
    )
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter() if allow_private_network else _filtered(scheme))
    return session


def _filtered(scheme: str) -> _FilteredAdapter:
    # Typed as requests' own adapter, which takes no such argument.
    return _FilteredAdapter(is_https_proto=scheme == "https://")  # type: ignore[call-arg]


def fly(
    session: requests.Session, request: requests.PreparedRequest, flight: Flight, *, max_bytes: int
) -> tuple[requests.Response, bytes]:
    """Send and read the whole body, unpacked; ``requests`` exceptions pass, and ``flight.left`` tells what they mean."""
    _state.flight = flight
    try:
        timeout = (min(CONNECT_S, flight.remaining_s()), READ_S)
        with session.send(request, stream=True, timeout=timeout, allow_redirects=False) as response:
            return response, _body(response, flight, max_bytes)
    finally:
        _state.flight = None


class OversizedError(requests.RequestException):
    """The answer's body is larger than any honest one."""


def _body(response: requests.Response, flight: Flight, max_bytes: int) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(65_536):
        flight.remaining_s()
        size += len(part)
        if size > max_bytes:
            raise OversizedError(f"the answer is larger than {max_bytes} bytes")
        parts.append(part)
    return b"".join(parts)
