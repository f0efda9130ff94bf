"""What is a careless version? One function replaced by another, and the world that must catch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from syncworker.core import exposure
from tests.prove import engine


@dataclass(frozen=True, slots=True)
class Careless:
    """One function replaced."""

    name: str
    #: The row of the event table, or the numbered point.
    row: str
    #: The world that catches it.
    caught_in: str
    room: ModuleType
    function: str
    version: Callable[..., object]


def core(name: str, row: str, caught_in: str, function: str, version: Callable[..., object]) -> Careless:
    """In the place of a row of the rule."""
    return Careless(name, row, caught_in, exposure, function, version)


def ours(name: str, row: str, caught_in: str, function: str, version: Callable[..., object]) -> Careless:
    """In the place of what our side does around it."""
    return Careless(name, row, caught_in, engine, function, version)
