"""What does a failure without a complete answer mean? Applied, not applied, or nobody can tell.

Never quotes a library's own text: it holds the full address, and some channels carry their secrets there.
"""

from __future__ import annotations

import http.client
import ssl

import requests
import urllib3
from requests_hardened.ip_filter import InvalidIPAddress

from syncworker.connector.transport import Flight, OverdueError, OversizedError, TooLateError
from syncworker.errors import (
    ChannelError,
    ChannelMisconfiguredError,
    MalformedAnswerError,
    OutcomeUnknownError,
    RetryLaterError,
)

#: Everything that sending and reading over a session is known to raise.
FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)


def transport_error(error: Exception, flight: Flight, what: str, *, effect: bool) -> ChannelError:
    """What a failure without a complete answer means; the library's own text, which holds the address, is not used."""
    if isinstance(error, InvalidIPAddress):
        return ChannelMisconfiguredError(
            f"{what}: the address lies in a private network; set allow_private_network = true if that is meant"
        )
    if not flight.left:
        if _has_cause(error, ssl.SSLCertVerificationError):
            return ChannelMisconfiguredError(f"{what}: the server's certificate cannot be trusted")
        return RetryLaterError(f"{what}: not sent, {_reason(error)}")
    if effect:
        return OutcomeUnknownError(f"{what}: sent, then {_reason(error)}")
    if isinstance(error, OversizedError | requests.exceptions.ContentDecodingError):
        return MalformedAnswerError(f"{what}: {_reason(error)}")
    return RetryLaterError(f"{what}: {_reason(error)}")


def _reason(error: Exception) -> str:
    """A failure in words that never quote it."""
    words: tuple[tuple[type[BaseException], str], ...] = (
        (TooLateError, "the time for sending had passed"),
        (OverdueError, "no complete answer in the time allowed"),
        (OversizedError, "the answer is larger than any honest one"),
        (requests.exceptions.ContentDecodingError, "the answer cannot be unpacked"),
        (urllib3.exceptions.NameResolutionError, "the host name cannot be resolved"),
        (ConnectionRefusedError, "the connection was refused"),
        (urllib3.exceptions.NewConnectionError, "no connection"),
        (urllib3.exceptions.ConnectTimeoutError, "no connection in time"),
        (TimeoutError, "no answer in time"),
        (requests.Timeout, "no answer in time"),
        (urllib3.exceptions.IncompleteRead, "the answer was cut short"),
        (ConnectionResetError, "the connection was reset"),
        (ssl.SSLError, "the encrypted connection failed"),
    )
    return next((text for kind, text in words if _has_cause(error, kind)), "the connection was lost")


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether ``error`` is, or wraps at any depth, one of ``kind``."""
    open_ends: list[object] = [error]
    seen: set[int] = set()
    while open_ends:
        link = open_ends.pop()
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        if isinstance(link, kind):
            return True
        seen.add(id(link))
        open_ends += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return False
