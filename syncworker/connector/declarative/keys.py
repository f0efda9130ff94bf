"""How is a pool named in requests? A key made of parts, such as product and variation, taken apart again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from syncworker.connector.answers import Json
from syncworker.connector.contract import QuantityPush
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.fields import condition
from syncworker.connector.declarative.manifest import Manifest
from syncworker.connector.declarative.operations import PushRoute, ReadRoute
from syncworker.connector.declarative.parts import BatchSpec
from syncworker.connector.declarative.template import Facts
from syncworker.core.model import QuantityMode
from syncworker.errors import MalformedAnswerError


class Keys:
    """Takes keys apart by the manifest's ``key_parts``."""

    def __init__(self, manifest: Manifest) -> None:
        self._parts, self._separator = manifest.key_parts, manifest.key_separator

    def parts(self, key: str) -> Facts | None:
        """The key's parts by name; ``None`` if it is not made of them."""
        if not self._parts:
            return {}
        values = key.split(self._separator)
        return None if len(values) != len(self._parts) else dict(zip(self._parts, values, strict=True))

    def item(self, push: QuantityPush) -> Facts | None:
        """What a request may name of one push; ``None`` if its key is none of this channel's."""
        parts = self.parts(push.pool_key)
        if parts is None:
            return None
        is_difference = push.kind is QuantityMode.ADJUST
        return {
            **parts,
            "pool": push.pool_key,
            "quantity": None if is_difference else push.value,
            "delta": push.value if is_difference else None,
            "expected": push.expected if push.kind is QuantityMode.COMPARE_AND_SET else None,
            "key": push.idempotency_key,
        }


@dataclass(frozen=True, slots=True)
class Sending:
    """Pushes that go out in one request, and what the request may name of each."""

    pushes: tuple[QuantityPush, ...]
    items: tuple[Facts, ...]

    def halves(self) -> tuple[Sending, Sending]:
        """Two batches of it."""
        middle = len(self.pushes) // 2
        return (
            Sending(self.pushes[:middle], self.items[:middle]),
            Sending(self.pushes[middle:], self.items[middle:]),
        )


def route_picker(routes: Sequence[PushRoute | ReadRoute], account: Account) -> Callable[[Facts], int | None]:
    """A function that tells which of the routes an item takes; ``None``: none."""
    conditions = [
        None if route.when is None else condition(route.when, account.open_values) for route in routes
    ]

    def pick(item: Facts) -> int | None:
        for number, holds in enumerate(conditions):
            try:
                if holds is None or holds(item):
                    return number
            except MalformedAnswerError:
                continue
        return None

    return pick


def batches(items: Sequence[Facts], spec: BatchSpec, account: Account) -> list[list[Facts]]:
    """The items of each request: those that share a part together, at most ``max`` of them."""
    groups: dict[Json, list[Facts]] = {}
    for item in items:
        shared = item.get(spec.group_by) if spec.group_by is not None else None
        groups.setdefault(str(shared), []).append(item)
    most = batch_max(spec, account) or max(1, len(items))
    return [group[i : i + most] for group in groups.values() for i in range(0, len(group), most)]


def batch_max(spec: BatchSpec, account: Account) -> int | None:
    """How many items one request takes; ``None``: nobody said."""
    value = None if spec.max is None else spec.max.bind(account.open_values)({})
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
