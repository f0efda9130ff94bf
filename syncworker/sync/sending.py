"""What becomes of each push that is sent? One call a batch, one outcome an item, and no request is ever sent twice.

Whatever does not prove that nothing was applied leaves the outcome unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from syncworker.connector import SendWindow
from syncworker.connector.contract import Channel, Outcome, PushResult, QuantityPush
from syncworker.core import exposure
from syncworker.errors import (
    ChannelMisconfiguredError,
    ListingRejectedError,
    RequestRefusedError,
    RetryLaterError,
)
from syncworker.ledger import jobs
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.jobs import JobKind, Lease
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.pushes import PushRecord
from syncworker.sync.answers import record_answers
from syncworker.sync.batching import batches
from syncworker.sync.context import Context, log
from syncworker.sync.failure import record_failure, record_success
from syncworker.sync.lease import lease_s


@dataclass(frozen=True, slots=True)
class Errand:
    """Stored pushes of one channel that are to be sent now, under the lease they were planned with."""

    lease: Lease
    channel: ChannelRecord
    #: Pools that the allocator looked at for it.
    looked: int
    records: tuple[PushRecord, ...]
    #: The channel's key of each push's pool, by push id.
    keys: Mapping[str, str]


def send(context: Context, errand: Errand) -> list[PushResult]:
    """Send the stored pushes in as few calls as the channel takes, and record what becomes of each.

    Never raises for a fault of the channel. Stops at the first call that fails as a whole: what had not left never does.
    """
    try:
        port = context.open_channel(errand.channel.name)
    except Exception as error:  # noqa: BLE001 - whatever a connector raises harms its own channel alone
        answers = [_not_sent(push, str(error) or repr(error)) for push in errand.records]
        _record(context, errand, answers, error, is_last=True)
        return answers
    results: list[PushResult] = []
    size = errand.channel.rules.batch_max
    in_turn = batches(port, errand.records, errand.keys, most=size)
    for number, batch in enumerate(in_turn):
        answers, failure = _send(context, errand, port, batch)
        unsent = [] if failure is None else [push for rest in in_turn[number + 1 :] for push in rest]
        answers = [*answers, *(_not_sent(push, "an earlier call of the run failed") for push in unsent)]
        is_last = failure is not None or number == len(in_turn) - 1
        is_ours = _record(context, errand, answers, failure, is_last=is_last)
        results.extend(answers)
        if failure is not None or not is_ours:
            break
    settled = {result.push_id for result in results}
    _give_up(context, errand, [push for push in errand.records if push.id not in settled])
    return results


def _give_up(context: Context, errand: Errand, unsent: Sequence[PushRecord]) -> None:
    """Another worker took the job over: what was not sent by then never is, and the pools are planned anew."""
    if unsent:
        log.warning("push_taken_over", channel=errand.channel.name)
        answers = [_not_sent(push, "another worker took over before it was sent") for push in unsent]
        _record(context, errand, answers, None, is_last=True)


def _send(
    context: Context, errand: Errand, port: Channel, batch: Sequence[PushRecord]
) -> tuple[list[PushResult], Exception | None]:
    """One call. Whatever does not prove that nothing was applied leaves the outcome unknown."""
    with context.ledger.snapshot() as snapshot:
        now = snapshot.now
    left = min(exposure.send_by(push.stored_at, errand.channel.rules) for push in batch) - now
    if left < timedelta(0):
        return [_not_sent(push, "held up for too long before it could be sent") for push in batch], None
    try:
        with SendWindow(left.total_seconds()):
            answers = port.push_quantities([_wire(push, errand.keys[push.id]) for push in batch])
        return _matched(batch, answers), None
    except RequestRefusedError as error:
        return [_not_sent(push, str(error)) for push in batch], None
    except (RetryLaterError, ChannelMisconfiguredError) as error:
        return [_not_sent(push, str(error)) for push in batch], error
    except ListingRejectedError as error:
        if len(batch) == 1:
            return [
                PushResult(push_id=batch[0].id, outcome=Outcome.REFUSED, message=str(error), parks=True)
            ], None
        return _unknown(batch, str(error)), error
    except Exception as error:  # noqa: BLE001 - the request may have left: unknown, whatever was raised
        return _unknown(batch, str(error) or repr(error)), error


def _matched(batch: Sequence[PushRecord], answers: Sequence[PushResult]) -> list[PushResult]:
    """One result for each push: one that is missing, or that was answered twice, is unknown."""
    found: dict[str, list[PushResult]] = {}
    for answer in answers:
        found.setdefault(answer.push_id, []).append(answer)
    return [
        found[push.id][0]
        if len(found.get(push.id, [])) == 1
        else _unknown([push], "no single answer for it")[0]
        for push in batch
    ]


def _wire(push: PushRecord, key: str) -> QuantityPush:
    return QuantityPush(
        push_id=push.id,
        pool_key=key,
        kind=push.kind,
        value=push.value,
        expected=push.expected,
        idempotency_key=push.id,
    )


def _not_sent(push: PushRecord, message: str) -> PushResult:
    return PushResult(push_id=push.id, outcome=Outcome.REFUSED, message=message)


def _unknown(batch: Sequence[PushRecord], message: str) -> list[PushResult]:
    return [PushResult(push_id=push.id, outcome=Outcome.UNKNOWN, message=message) for push in batch]


def _record(
    context: Context,
    errand: Errand,
    answers: Sequence[PushResult],
    error: Exception | None,
    *,
    is_last: bool,
) -> bool:
    """Record what these calls brought, whoever holds the job by now; False if another worker does."""

    def write(tx: Transaction) -> tuple[tuple[str, ...], bool]:
        concerned = record_answers(tx, errand.channel, answers)
        if error is not None:
            record_failure(tx, errand.channel, error)
        elif any(answer.outcome is not Outcome.UNKNOWN for answer in answers):
            record_success(tx, errand.channel)
        if is_last:
            jobs.release(tx, errand.lease)
            return concerned, True
        return concerned, jobs.keep(tx, errand.lease, seconds=lease_s(errand.channel.rules))

    concerned, is_ours = context.ledger.run(write)
    for name in concerned:
        context.hint(name, JobKind.PUSH)
    return is_ours
