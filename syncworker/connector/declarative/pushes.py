"""How do numbers reach the channel? Routed, grouped and batched as it takes them; each request leaves once.

A batch is sent in parts again only after a refusal that definitely applied nothing. What was refused before it left is told
apart from what may have been applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncworker.connector.answers import Json
from syncworker.connector.contract import PushResult, QuantityPush
from syncworker.connector.declarative.caller import Caller, once
from syncworker.connector.declarative.jobs import Job
from syncworker.connector.declarative.keys import Keys, Sending, batches, route_picker
from syncworker.connector.declarative.operations import PushRoute, PushSpec
from syncworker.connector.declarative.request import BoundRequest, Filled
from syncworker.connector.declarative.results import Results, refused, unknown
from syncworker.connector.declarative.rules import PARKING
from syncworker.connector.declarative.template import Facts
from syncworker.core.model import QuantityMode
from syncworker.errors import (
    ChannelError,
    ChannelMisconfiguredError,
    MalformedAnswerError,
    OutcomeUnknownError,
    RequestRefusedError,
    RetryLaterError,
)


class Pushes:
    """Sends numbers."""

    def __init__(self, spec: PushSpec, caller: Caller, keys: Keys, mode: QuantityMode) -> None:
        self._caller, self._keys, self._mode = caller, keys, mode
        self._routes = [*spec.routes, spec]
        self._pick = route_picker(self._routes, caller.account)
        self.calls = [PushCall(route, caller) for route in self._routes]

    def send(self, pushes: Sequence[QuantityPush]) -> list[PushResult]:
        """All of them, in as few requests as the channel takes; one outcome each, in their order."""
        told: dict[str, PushResult] = {}
        sendings: list[tuple[PushCall, Sending]] = []
        by_route: dict[int, list[tuple[QuantityPush, Facts]]] = {}
        for push in pushes:
            number, item = self._routed(push)
            if isinstance(item, str):
                told[push.push_id] = refused(push, item)
            else:
                by_route.setdefault(number, []).append((push, item))
        for number, pairs in by_route.items():
            of_item = {id(item): push for push, item in pairs}
            for batch in batches(
                [item for _, item in pairs], self._routes[number].batch, self._caller.account
            ):
                sending = Sending(tuple(of_item[id(item)] for item in batch), tuple(batch))
                sendings.append((self.calls[number], sending))
        told |= {result.push_id: result for result in self._all(sendings)}
        return [told[push.push_id] for push in pushes]

    def group(self, pool_key: str) -> str:
        """What pushes of one request have in common; the same text for those that are never sent."""
        parts = self._keys.parts(pool_key)
        item = None if parts is None else {**parts, "pool": pool_key}
        number = None if item is None else self._pick(item)
        if item is None or number is None:
            return ""
        shared = self._routes[number].batch.group_by
        return f"{number}:{'' if shared is None else item.get(shared)}"

    def _routed(self, push: QuantityPush) -> tuple[int, Facts | str]:
        if push.kind is not self._mode:
            return 0, f"not sent: this shop takes {self._mode}, not {push.kind}"
        item = self._keys.item(push)
        number = None if item is None else self._pick(item)
        if item is None or number is None:
            return 0, f"not sent: {push.pool_key} is no number of this channel"
        return number, item

    def _all(self, sendings: Sequence[tuple[PushCall, Sending]]) -> list[PushResult]:
        """A single request's error is the call's; of several, each tells of its own items."""
        if len(sendings) == 1:
            call, sending = sendings[0]
            return call.send(sending)
        found: list[PushResult] = []
        for number, (call, sending) in enumerate(sendings):
            try:
                found += call.send(sending)
            except (RetryLaterError, ChannelMisconfiguredError) as error:
                if number == 0:
                    raise
                rest = [push for _, later in sendings[number:] for push in later.pushes]
                return found + [refused(push, f"not applied: {error}") for push in rest]
            except RequestRefusedError as error:
                found += [refused(push, str(error)) for push in sending.pushes]
            except ChannelError as error:
                found += [unknown(push, str(error)) for push in sending.pushes]
        return found


class PushCall:
    """One route of pushing, bound to an account."""

    def __init__(self, route: PushRoute, caller: Caller) -> None:
        self._route, self._caller = route, caller
        self._request = BoundRequest(route.request, caller.account)
        self.results = None if route.result is None else Results(route.result, caller.account, caller.rules)
        self.job = None if route.job is None else Job(route.job, caller)

    def send(self, sending: Sending) -> list[PushResult]:
        """One request. Raises as ``push_quantities`` does."""
        if self._is_too_long(sending):
            return [result for half in sending.halves() for result in self._half(half)]
        judge = self._caller.judgement(effect=True)
        keys = [push.idempotency_key for push in sending.pushes]
        try:
            answer = self._caller.send(
                self._request,
                self.facts(sending),
                effect=True,
                judge=judge,
                once=once(self._route.idempotency, keys),
            )
        except RequestRefusedError as error:
            return self._refused(sending, error, is_split=judge.then == "split", parks=judge.then in PARKING)
        if judge.then == "done":
            raise OutcomeUnknownError("the answer says that it was so already, which proves no number")
        try:
            return [self._clean(result) for result in self._read(answer.body, sending)]
        except MalformedAnswerError as error:
            problem = f"quantities sent, but the answer cannot be read: {error}"
        raise OutcomeUnknownError(problem)

    def filled(self, sending: Sending) -> Filled:
        """The request for these items; sends nothing."""
        return self._request.fill(self.facts(sending))

    def job_id(self, body: Json) -> str:
        """The job that an answer names."""
        return "" if self.job is None else self.job.named(body)

    def facts(self, sending: Sending) -> Facts:
        """What the request may name."""
        return self._caller.facts(**sending.items[0], items=list(sending.items), item=sending.items[0])

    def _read(self, body: Json, sending: Sending) -> Sequence[PushResult]:
        if self.job is not None:
            return self.job.outcome(body, sending)
        if self.results is None:
            raise OutcomeUnknownError("the manifest does not say what became of the items")
        return self.results.read(body, sending.pushes, sending.items)

    def _refused(
        self, sending: Sending, error: RequestRefusedError, *, is_split: bool, parks: bool
    ) -> list[PushResult]:
        """Nothing was applied: the halves may be sent, where that can find the one that was meant."""
        if len(sending.pushes) > 1 and (is_split or self._route.batch.atomic) and error.status:
            return [result for half in sending.halves() for result in self._half(half)]
        is_alone = len(sending.pushes) == 1
        return [replace(refused(push, str(error)), parks=parks and is_alone) for push in sending.pushes]

    def _half(self, sending: Sending) -> list[PushResult]:
        """As ``send``, but an error is of this half alone: the other one may have been applied."""
        try:
            return self.send(sending)
        except (RetryLaterError, ChannelMisconfiguredError) as error:
            return [refused(push, f"not applied: {error}") for push in sending.pushes]
        except ChannelError as error:
            return [unknown(push, str(error)) for push in sending.pushes]

    def _is_too_long(self, sending: Sending) -> bool:
        most = self._route.batch.max_bytes
        if most is None or len(sending.pushes) == 1:
            return False
        filled = self.filled(sending)
        size = len(filled.content.body) if filled.content is not None else len(str(filled.json))
        return size > most

    def _clean(self, result: PushResult) -> PushResult:
        return replace(result, message=self._caller.wire.redact(result.message))
