"""How does a shop speak? One wire format over the same pretend shop: its endpoints and its manners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter

from syncworker.sandbox.house import House
from syncworker.sandbox.manners import Manners


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire format. A shop speaks exactly one of them, under ``/{shop}`` + ``base_path``."""

    name: str
    #: What follows the shop's name in the base URL that a seller configures; may be empty.
    base_path: str
    #: The endpoints, all of them below ``/{shop}``.
    router: Callable[[House], APIRouter]
    manners: Manners
