"""What comes out of a recorded answer? Each operation's mapping tried on its sample, and its requests filled in once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syncworker.connector.answers import Answer, Json, read_json
from syncworker.connector.contract import Outcome, QuantityPush
from syncworker.connector.declarative.channel import DeclaredChannel
from syncworker.connector.declarative.jobs import report_failures
from syncworker.connector.declarative.keys import Sending
from syncworker.connector.declarative.manifest import Manifest, Sample
from syncworker.connector.declarative.template import Facts
from syncworker.errors import ChannelError, MalformedAnswerError


class Trial:
    """One opened channel that nothing is sent with."""

    def __init__(self, manifest: Manifest, channel: DeclaredChannel) -> None:
        self._manifest, self._channel = manifest, channel
        feeds = [feed.name for feed in manifest.feeds]
        expanded = [f"{feed.name}.expand" for feed in manifest.feeds if feed.expand is not None]
        children = ["listings.children"] if manifest.listings.children is not None else []
        self.names = [
            "check",
            "listings",
            *children,
            "read",
            "push",
            "push.job",
            "push.report",
            "publish",
            *feeds,
            *expanded,
        ]
        self._feed_rows: dict[str, list[Json]] = {}

    def rows(self, sample: Sample, text: str) -> int | None:
        """How many rows come out; ``None`` if there is no such operation. Raises ``ChannelError`` with what is wrong."""
        if sample.of == "push.report":
            return self._report(sample, text)
        answer = Answer(status=sample.status, body=read_json(text.encode()), headers={})
        judge = self._channel.caller.judgement(effect=False)
        if (
            sample.of not in {"publish", "read"}
            and 200 <= sample.status < 300
            and judge(answer.status, answer.body, {})
        ):
            raise MalformedAnswerError("errors.ok is not true of it")
        return self._mapped(sample, answer)

    def _mapped(self, sample: Sample, answer: Answer) -> int | None:
        name, body = sample.of, answer.body
        if name == "check":
            self._channel.checking.read(body)
            return 1
        if name in {"listings", "listings.children"}:
            return self._channel.listings.tried(body, children=name != "listings")
        if name == "read":
            return self._readings(sample, body)
        if name == "push":
            return self._results(sample, body)
        if name == "push.job":
            return self._job(sample, body)
        if name == "publish":
            return self._published(answer)
        return self._orders(name, answer)

    def _orders(self, name: str, answer: Answer) -> int | None:
        feed_name, _, part = name.partition(".")
        feed = self._channel.feeds.get(feed_name)
        if feed is None or part not in {"", "expand"}:
            return None
        if part:
            return len(feed.orders(feed.expanded(answer.body, self._feed_rows.get(feed_name, []))))
        rows = feed.rows(answer.body)
        self._feed_rows[feed_name] = rows
        if feed.has_details:
            return len(rows)
        return len(feed.read(answer).orders)

    def _readings(self, sample: Sample, body: Json) -> int | None:
        if self._channel.readings is None:
            return None
        call = self._channel.readings.calls[-1 if sample.route is None else sample.route]
        if call.says_none(sample.status, body):
            return 0
        items = [self._item(call.of, key) for key in call.keys(body)]
        found = call.readings(body, items)
        if not found:
            raise MalformedAnswerError("no number comes out of it")
        return len(found)

    def _results(self, sample: Sample, body: Json) -> int | None:
        if self._channel.pushes is None:
            return None
        call = self._channel.pushes.calls[-1 if sample.route is None else sample.route]
        if call.results is None:
            call.job_id(body)
            return 1
        keys = call.results.keys(body)
        if not keys:
            return 0
        sending = self._sending(call.results.of, keys)
        found = call.results.read(body, sending.pushes, sending.items)
        unclear = [one for one in found if one.outcome is Outcome.UNKNOWN]
        if len(unclear) == len(found):
            raise MalformedAnswerError(f"no item of it is applied or refused: {unclear[0].message}")
        return len(found)

    def _job(self, sample: Sample, body: Json) -> int | None:
        call = None if self._channel.pushes is None else self._channel.pushes.calls[sample.route or -1]
        return None if call is None or call.job is None else call.job.tried(body)

    def _report(self, sample: Sample, text: str) -> int | None:
        route = None
        if self._manifest.push is not None:
            routes = [*self._manifest.push.routes, self._manifest.push]
            route = routes[-1 if sample.route is None else sample.route]
        if route is None or route.job is None or route.job.report is None:
            return None
        return len(
            report_failures(text, route.job.report, self._sending("pool", [str(n) for n in range(10_000)]))
        )

    def _published(self, answer: Answer) -> int | None:
        if self._channel.publishing is None:
            return None
        return self._channel.publishing.tried(answer)

    # ------------------------------------------------------------ requests

    def fill_requests(self) -> Iterator[str]:
        """What cannot be put together."""
        if self._channel.pushes is None:
            return
        routes = len(self._channel.pushes.calls) - 1
        for number, call in enumerate(self._channel.pushes.calls):
            where = f"push.routes[{number}]" if number < routes else "push"
            try:
                call.filled(self._sending("pool", ["a", "b"]))
            except ChannelError as error:
                yield f"{where}.request: {error}"

    def _sending(self, of: str, keys: Sequence[str]) -> Sending:
        mode = self._channel.capabilities().mode
        pushes = [
            QuantityPush(
                push_id=str(n), pool_key=key, kind=mode, value=1, expected=2, idempotency_key=f"k{n}"
            )
            for n, key in enumerate(keys)
        ]
        return Sending(tuple(pushes), tuple(self._item(of, key) for key in keys))

    def _item(self, of: str, key: str) -> Facts:
        parts: Facts = {part: f"{part}-{key}" for part in self._manifest.key_parts}
        item: Facts = {**parts, "pool": key, "quantity": 1, "delta": 1, "expected": 2, "key": "k"}
        return {**item, of: key}
