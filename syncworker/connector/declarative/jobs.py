"""What became of a push that is worked off later? Its job is asked after for as long as a call may take, then its report read.

A job that did not finish in that time leaves every item unknown; it is never sent again here.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Mapping, Sequence

from syncworker.connector.answers import Json
from syncworker.connector.contract import Outcome, PushResult
from syncworker.connector.declarative.caller import Caller
from syncworker.connector.declarative.fields import Presence, condition, finder
from syncworker.connector.declarative.keys import Sending
from syncworker.connector.declarative.operations import CsvSpec, JobSpec
from syncworker.connector.declarative.parts import seconds_told
from syncworker.connector.declarative.request import BoundRequest
from syncworker.connector.declarative.results import refused, unknown
from syncworker.connector.declarative.template import Facts
from syncworker.connector.document import Document
from syncworker.errors import (
    ChannelError,
    ListingRejectedError,
    MalformedAnswerError,
    OutcomeUnknownError,
)


class Job:
    """A push that is worked off later."""

    def __init__(self, spec: JobSpec, caller: Caller) -> None:
        values = caller.account.open_values
        self._spec, self._caller = spec, caller
        self._id = spec.id.reader(values, kind="id", presence=Presence.REQUIRED)
        self._request = BoundRequest(spec.request, caller.account)
        self._state = finder(spec.state, values)
        self._errors = None if spec.errors is None else finder(spec.errors, values)
        self._successes = None if spec.successes is None else finder(spec.successes, values)
        self._every_s = seconds_told(spec.every_s, caller.account.values) or 0.1
        self._wait_s = seconds_told(spec.wait_s, caller.account.values) or 0.0
        self._report = None if spec.report is None else BoundRequest(spec.report.request, caller.account)
        self._has_report = (
            None if spec.report is None or spec.report.when is None else condition(spec.report.when, values)
        )

    def outcome(self, body: Json, sending: Sending) -> list[PushResult]:
        """Ask until it is done or the time is up; then each item's outcome is unknown."""
        try:
            facts = self._caller.facts(job=self.named(body))
            state = self._waited(facts)
            if state is None:
                return [unknown(push, "the channel was still working on it") for push in sending.pushes]
            return self._told(state, facts, sending)
        except ChannelError as error:
            return [unknown(push, f"sent, but its job cannot be read: {error}") for push in sending.pushes]

    def listed(self, body: Json, sku: str) -> Json:
        """The state of a job that listed one product. ``ListingRejectedError`` if it surely did not."""
        facts = self._caller.facts(job=self.named(body))
        state = self._waited(facts)
        word = None if state is None else self._state(state)
        if state is None or word in self._spec.unclear:
            how = "the channel is still working on it" if state is None else f"its job ended as {word}"
            raise OutcomeUnknownError(f"{sku}: {how}; publish it again later")
        if word in self._spec.failed:
            raise ListingRejectedError(f"{sku}: the job failed: {word}", sku=sku)
        if self._count(self._errors, state):
            raise ListingRejectedError(f"{sku}: {self._reason(state, facts)}", sku=sku)
        return state

    def _reason(self, state: Json, facts: Facts) -> str:
        """The first reason in the report, as far as there is one that can be read: it decides nothing."""
        silence = "the channel did not take it, and says no more"
        spec = self._spec.report
        if (
            spec is None
            or self._report is None
            or (self._has_report is not None and not self._has_report(state))
        ):
            return silence
        try:
            text = self._caller.text(self._report, facts)
            rows = [row for row in csv.reader(io.StringIO(text), delimiter=spec.delimiter) if row]
            return _column(rows[1 if spec.has_heading else 0], spec.message)[:200]
        except (ChannelError, IndexError):
            return silence

    def named(self, body: Json) -> str:
        """The job's id in the answer to a push."""
        job_id: str = self._id(body)
        return job_id

    def tried(self, state: Json) -> int:
        """1 if a sample's state is a word; what is neither done nor failed is still at work."""
        if not isinstance(self._state(state), str | int):
            raise MalformedAnswerError("the job's state is missing", path=self._spec.state.text)
        return 1

    def _waited(self, facts: Facts) -> Json:
        waited_s, begun = 0.0, time.monotonic()
        while True:
            state = self._caller.send(self._request, facts, effect=False).body
            word = self._state(state)
            if word in {*self._spec.done, *self._spec.failed, *self._spec.unclear}:
                return state
            if max(waited_s, time.monotonic() - begun) + self._every_s > self._wait_s:
                return None
            self._caller.sleep(self._every_s)
            waited_s += self._every_s

    def _told(self, state: Json, facts: Facts, sending: Sending) -> list[PushResult]:
        word = self._state(state)
        if word in self._spec.failed:
            return [refused(push, f"the job failed: {word}") for push in sending.pushes]
        if word in self._spec.unclear:
            return [unknown(push, f"the job ended as {word}") for push in sending.pushes]
        errors, successes = self._count(self._errors, state), self._count(self._successes, state)
        if errors == len(sending.pushes) and not successes:
            return [refused(push, "the job failed for every item", "invalid") for push in sending.pushes]
        failed = self._failures(state, facts, sending)
        # Items that neither the report names nor the numbers count may have ended in any way.
        is_vague = errors not in {None, len(failed)} or (
            successes is not None and successes + len(failed) != len(sending.pushes)
        )
        found = []
        for number, push in enumerate(sending.pushes):
            if number in failed:
                found.append(refused(push, failed[number], None if is_vague else "invalid"))
            elif is_vague:
                found.append(unknown(push, "the job does not tell what became of this item"))
            else:
                found.append(PushResult(push_id=push.push_id, outcome=Outcome.APPLIED))
        return found

    def _count(self, find: Callable[[Json], Json] | None, state: Json) -> int | None:
        """A number of items; one that has to be there and is none proves nothing of the job."""
        if find is None:
            return None
        return Document(find(state), "the job's number of items").whole()

    def _failures(self, state: Json, facts: Facts, sending: Sending) -> Mapping[int, str]:
        spec = self._spec.report
        if (
            spec is None
            or self._report is None
            or (self._has_report is not None and not self._has_report(state))
        ):
            return {}
        return report_failures(self._caller.text(self._report, facts), spec, sending)


def report_failures(text: str, spec: CsvSpec, sending: Sending) -> dict[int, str]:
    """The items that a report file names, by their position, with the reason."""
    rows = list(csv.reader(io.StringIO(text), delimiter=spec.delimiter))
    found: dict[int, str] = {}
    by_key = {str(item.get(spec.of)): n for n, item in enumerate(sending.items)}
    for row in rows[1 if spec.has_heading else 0 :]:
        if not row:
            continue
        if spec.key is not None:
            position = by_key.get(_column(row, spec.key))
        else:
            line = _column(row, spec.line or 0)
            position = int(line) - spec.first_line if line.isascii() and line.isdigit() else None
        if position is None or not 0 <= position < len(sending.pushes):
            raise MalformedAnswerError("the report names a line that was not sent", path="report")
        found[position] = _column(row, spec.message)[:200]
    return found


def _column(row: Sequence[str], number: int) -> str:
    if number >= len(row):
        raise MalformedAnswerError(f"the report has no column {number}", path="report")
    return row[number].strip()
