"""What did the channel answer? Calls written down without secrets and buyers, to be read by a person or replayed by a test.

While nobody records, every call flies as always. A tape is for one process: it hears every channel that calls meanwhile.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from syncworker.connector.scrubbing import HIDDEN, is_secret, scrubbed
from syncworker.connector.transport import Flight, fly

#: Headers of an answer that say nothing about it.
_DULL = frozenset(
    (
        "connection",
        "content-encoding",
        "content-length",
        "keep-alive",
        "server",
        "set-cookie",
        "transfer-encoding",
        "vary",
    )
)
_FORMAT = 1


class NothingRecordedError(LookupError):
    """A test asks for a call that the recording does not hold."""


@dataclass(slots=True)
class Recorded:
    """One call and its answer, scrubbed. ``path`` and ``query`` are as sent, without host."""

    method: str
    path: str
    query: list[tuple[str, str]]
    #: The request's body: JSON, or text.
    sent: Any  # Any: whatever JSON holds
    #: ``None`` when no answer came.
    status: int | None
    headers: dict[str, str]
    body: Any  # Any: whatever JSON holds
    problem: str = ""
    ms: int = 0


@dataclass(slots=True)
class Tape:
    """The calls so far; with ``replays`` they are answered from it and nothing is sent."""

    calls: list[Recorded] = field(default_factory=list)
    replays: bool = False
    _used: dict[int, int] = field(default_factory=dict)

    def fly(
        self,
        session: requests.Session,
        request: requests.PreparedRequest,
        flight: Flight,
        *,
        max_bytes: int,
        redact: Callable[[str], str],
    ) -> tuple[requests.Response, bytes]:
        """One call, sent and written down, or answered from what was written down."""
        asked = _asked(request, redact)
        if self.replays:
            flight.left = False
            flight.clear_to_send()
            return _answer(self._best(asked))
        began = time.monotonic()
        try:
            response, raw = fly(session, request, flight, max_bytes=max_bytes)
        except Exception as error:
            asked.problem = type(error).__name__
            raise
        else:
            asked.status = response.status_code
            asked.headers = _headers(response.headers, redact)
            asked.body = _content(raw, redact)
            return response, raw
        finally:
            asked.ms = round((time.monotonic() - began) * 1000)
            self.calls.append(asked)

    def write(self, path: Path) -> None:
        """Write it to a file that :func:`replaying` reads."""
        document = {"format": _FORMAT, "calls": [asdict(call) for call in self.calls]}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def _best(self, asked: Recorded) -> Recorded:
        """The recorded call most like this one; of equal ones, in turn."""
        alike = [
            (n, call)
            for n, call in enumerate(self.calls)
            if (call.method, call.path) == (asked.method, asked.path) and call.status is not None
        ]
        if not alike:
            raise NothingRecordedError(f"no answer is recorded for {asked.method} {asked.path}")
        number, best = max(alike, key=lambda one: (*_likeness(one[1], asked), -self._used.get(one[0], 0)))
        self._used[number] = self._used.get(number, 0) + 1
        return best


@contextmanager
def recording(path: Path | None = None) -> Iterator[Tape]:
    """Write down every call until the block ends, then into the file, if one is named. Calls are sent as always."""
    tape = Tape()
    with _heard_by(tape):
        try:
            yield tape
        finally:
            if path is not None:
                tape.write(path)


@contextmanager
def replaying(path: Path) -> Iterator[Tape]:
    """Answer every call from a recording until the block ends; nothing is sent."""
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("format") != _FORMAT:
        raise ValueError(f"{path.name} is no recording of this version")
    tape = Tape([Recorded(**call) for call in document["calls"]], replays=True)
    with _heard_by(tape):
        yield tape


def current() -> Tape | None:
    """The tape that runs now."""
    return _running[-1] if _running else None


_running: list[Tape] = []


@contextmanager
def _heard_by(tape: Tape) -> Iterator[None]:
    _running.append(tape)
    try:
        yield
    finally:
        _running.remove(tape)


def _asked(request: requests.PreparedRequest, redact: Callable[[str], str]) -> Recorded:
    parts = urlsplit(request.url or "")
    query = [
        (name, HIDDEN if is_secret(name) else redact(value))
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    return Recorded(
        method=request.method or "",
        path=redact(parts.path),
        query=query,
        sent=_content(body, redact),
        status=None,
        headers={},
        body=None,
    )


def _content(raw: bytes, redact: Callable[[str], str]) -> Any:  # Any: whatever JSON holds
    if not raw:
        return None
    try:
        return scrubbed(json.loads(raw), redact)
    except ValueError:
        # A report or a page: kept as text, since its replay needs it; only secrets can be recognised in it.
        return {"text": redact(raw.decode("utf-8", errors="replace"))}


def _headers(headers: Mapping[str, str], redact: Callable[[str], str]) -> dict[str, str]:
    return {
        name.lower(): HIDDEN if is_secret(name) else redact(value)
        for name, value in headers.items()
        if name.lower() not in _DULL
    }


def _likeness(call: Recorded, asked: Recorded) -> tuple[bool, int, bool]:
    theirs = [tuple(pair) for pair in call.query]
    same_names = {name for name, _ in theirs} == {name for name, _ in asked.query}
    return same_names, len(set(theirs) & set(asked.query)), call.sent == asked.sent


def _answer(call: Recorded) -> tuple[requests.Response, bytes]:
    response = requests.Response()
    response.status_code = call.status or 0
    response.headers = CaseInsensitiveDict(call.headers)
    if isinstance(call.body, dict) and set(call.body) == {"text"}:
        return response, str(call.body["text"]).encode()
    return response, b"" if call.body is None else json.dumps(call.body).encode()
