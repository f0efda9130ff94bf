"""Which pools are planned together? Those that share parts, directly or over a bundle; a plan needs no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from syncworker.forecast.state import Pool


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Pools that hang together, and the parts they take from."""

    pools: tuple[Pool, ...]
    parts: tuple[str, ...]


def grouped(pools: Iterable[Pool]) -> dict[str, Group]:
    """The group of each SKU."""
    root: dict[str, str] = {}

    def top(part: str) -> str:
        while root.setdefault(part, part) != part:
            part = root[part]
        return part

    known = list(pools)
    for pool in known:
        first, *others = pool.article.recipe
        for other in others:
            root[top(other)] = top(first)
    members: dict[str, list[Pool]] = {}
    for pool in known:
        members.setdefault(top(next(iter(pool.article.recipe))), []).append(pool)
    groups = {
        name: Group(tuple(found), tuple(sorted({part for pool in found for part in pool.article.recipe})))
        for name, found in members.items()
    }
    return {pool.article.sku: groups[top(next(iter(pool.article.recipe)))] for pool in known}
