"""How does a check say what it found? Levels, verdicts, and the words with which one ends; no check knows another one."""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn


class Level(StrEnum):
    """How far a connector is proven. Each level needs the one before."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Verdict(StrEnum):
    """What became of one check."""

    PASSED = "passed"
    FAILED = "failed"
    #: The bench says why it cannot be run.
    SKIPPED = "skipped"
    #: What the connector declares leaves nothing to prove.
    NOT_APPLICABLE = "not applicable"


class CheckFailedError(AssertionError):
    """The connector did what a connector must not do; the text says what."""


class NotApplicableError(Exception):
    """There is nothing to prove here, for the reason given."""


def fail(words: str) -> NoReturn:
    """The connector does not hold it."""
    raise CheckFailedError(words)


def expect(holds: bool, words: str) -> None:
    """Fail with these words unless it holds."""
    if not holds:
        fail(words)


def not_applicable(words: str) -> NoReturn:
    """There is nothing to prove."""
    raise NotApplicableError(words)
