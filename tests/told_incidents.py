"""Does a test that the page of incidents names really open, or close, an incident of that kind, and does it have its words?

The page names tests; while one of them runs, what it opens and closes is watched.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncworker import bootstrap
from syncworker.interfaces.cli import words
from syncworker.interfaces.language import speak
from syncworker.ledger import incidents, restoring
from syncworker.ledger.incidents import Incident, IncidentKind
from syncworker.ledger.ledger import Transaction

PAGE = Path(__file__).parents[1] / "docs" / "incidents.md"
_ROW = re.compile(
    r"^\| `(\w+)` \| `(tests/[\w/]+\.py::\w+)` \| (?:`(tests/[\w/]+\.py::\w+)`|the same) \|$", re.MULTILINE
)
#: kind: the test that opens it, the test that closes it.
NAMED: Mapping[str, tuple[str, str]] = {
    kind: (opened, closed or opened) for kind, opened, closed in _ROW.findall(PAGE.read_text("utf-8"))
}


@dataclass(slots=True)
class Watched:
    """What one test opened, with the facts, and what it closed."""

    opened: dict[str, list[Mapping[str, object]]] = field(default_factory=lambda: defaultdict(list))
    closed: set[str] = field(default_factory=set)

    def check(self, test: str) -> None:
        """AssertionError if the page promises more than the test did."""
        for kind, (opens, closes) in NAMED.items():
            if opens == test:
                assert self.opened[kind], f"{test} opened no {kind}"
                for facts in self.opened[kind]:
                    check_words(IncidentKind(kind), facts)
            if closes == test:
                assert kind in self.closed, f"{test} closed no {kind}"


def check_words(kind: IncidentKind, facts: Mapping[str, object]) -> None:
    """AssertionError if its sentence or its next step lacks a fact, or its words in Bahasa Indonesia."""
    one = Incident(id=1, kind=kind, subject="any", opened_at=datetime.now(UTC), closed_at=None, details=facts)
    said = {}
    for language in ("en", "id"):
        speak(language)
        said[language] = (words.incident(one), words.next_step(one))
    speak("en")
    for english, indonesian in zip(said["en"], said["id"], strict=True):
        assert "–" not in english, f"{kind}: a fact is missing in: {english}"
        assert english != indonesian, f"{kind}: not translated: {english}"


@contextmanager
def watched(test: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Watch this test (``path::name``) if the page names it, and hold it to what the page says."""
    if not any(test in tests for tests in NAMED.values()):
        yield
        return
    seen = Watched()
    opening, closing = incidents.open_incident, incidents.close_incident

    def open_incident(
        tx: Transaction, kind: IncidentKind, subject: str, details: Mapping[str, object]
    ) -> bool:
        seen.opened[kind.value].append(dict(details))
        return opening(tx, kind, subject, details)

    def close_incident(tx: Transaction, kind: IncidentKind, subject: str) -> bool:
        is_closed = closing(tx, kind, subject)
        seen.closed |= {kind.value} if is_closed else set()
        return is_closed

    for module in (incidents, bootstrap, restoring):
        monkeypatch.setattr(module, "open_incident", open_incident)
    monkeypatch.setattr(incidents, "close_incident", close_incident)
    yield
    seen.check(test)
