"""What became of each item of a push? Told per row, per failure or for all at once; whatever is not definite is unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from syncworker.connector.answers import Json
from syncworker.connector.contract import Outcome, PushResult, QuantityPush
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.fields import Presence, condition, finder, reader
from syncworker.connector.declarative.operations import ResultSpec
from syncworker.connector.declarative.orders import rows_finder
from syncworker.connector.declarative.parts import Then
from syncworker.connector.declarative.rules import DEFINITE, PARKING, Rulebook
from syncworker.connector.declarative.template import Facts
from syncworker.connector.document import Document
from syncworker.errors import MalformedAnswerError

_UNTOLD = "the answer does not tell what became of this item"


class Results:
    """Reads one shape of answer."""

    def __init__(self, spec: ResultSpec, account: Account, rules: Rulebook) -> None:
        values = account.open_values
        self._spec, self._rules = spec, rules
        self._rows = _rows(spec, account)
        self._successes = (
            None
            if spec.successes is None
            else rows_finder(finder(spec.successes, values), spec.successes.text)
        )
        self._map = None if spec.error_map is None else finder(spec.error_map, values)
        self._key = reader(spec.key, values, kind="id")
        self._ok = None if spec.ok is None else condition(spec.ok, values)
        self._failed = None if spec.failed is None else condition(spec.failed, values)
        self._code = None if spec.code is None else finder(spec.code, values)
        self._message = None if spec.message is None else finder(spec.message, values)
        self._echo = reader(spec.echo, values, kind="signed", presence=Presence.NULLABLE)
        self._current = reader(spec.current, values, kind="signed", presence=Presence.OPTIONAL)
        self._least = reader(spec.least, values, kind="signed", presence=Presence.OPTIONAL)

    def read(
        self, body: Json, pushes: Sequence[QuantityPush], items: Sequence[Facts]
    ) -> tuple[PushResult, ...]:
        """The outcome of each push, in their order. ``MalformedAnswerError`` if the answer as a whole is not as described."""
        keys = [str(item.get(self._spec.of)) for item in items]
        if self._spec.whole:
            return tuple(self._applied(push, body) for push in pushes)
        if self._map is not None:
            return self._by_map(body, pushes, keys)
        rows = self._by_key(self._rows(body))
        if self._spec.items is not None:
            return tuple(self._by_row(push, rows.get(key)) for push, key in zip(pushes, keys, strict=True))
        return self._by_failure(body, pushes, keys, rows)

    @property
    def of(self) -> str:
        """The item's part that keys are compared with."""
        return self._spec.of

    def keys(self, body: Json) -> list[str]:
        """The keys that an answer names; where it names only failures, one more that it does not."""
        if self._spec.whole:
            return ["a"]
        if self._map is not None:
            errors = self._map(body)
            return [*(errors if isinstance(errors, dict) else {}), "another"]
        named = [key for key in map(self._key_of, self._rows(body)) if key is not None]
        if self._spec.items is None and self._successes is None:
            named.append("another")
        if self._successes is not None:
            named += [key for key in map(self._key_of, self._successes(body)) if key is not None]
        return list(dict.fromkeys(named))

    def _by_key(self, rows: Sequence[Json]) -> dict[str, Json]:
        """Rows that can be told apart; of a key that comes twice, none is believed."""
        named = [(self._key_of(row), row) for row in rows]
        times = Counter(key for key, _ in named)
        return {key: row if times[key] == 1 else None for key, row in named if key is not None}

    def _key_of(self, row: Json) -> str | None:
        try:
            key: str = self._key(row)
            return key
        except MalformedAnswerError:
            return None

    def _by_row(self, push: QuantityPush, row: Json) -> PushResult:
        if row is None:
            return unknown(push, _UNTOLD)
        try:
            if self._ok is not None and self._ok(row):
                return self._applied(push, row)
            if self._failed is not None and not self._failed(row):
                return unknown(push, f"answered {self._said(row)}".strip())
            return self._refused(push, row)
        except MalformedAnswerError as error:
            return unknown(push, f"the answer cannot be read: {error}")

    def _by_failure(
        self, body: Json, pushes: Sequence[QuantityPush], keys: Sequence[str], failed: Mapping[str, Json]
    ) -> tuple[PushResult, ...]:
        applied = None if self._successes is None else self._by_key(self._successes(body))
        # A failure that names nobody may be of any of them.
        is_vague = any(self._key_of(row) is None for row in self._rows(body))
        found = []
        for push, key in zip(pushes, keys, strict=True):
            if key in failed:
                found.append(
                    unknown(push, _UNTOLD) if failed[key] is None else self._by_row(push, failed[key])
                )
            elif is_vague or (applied is not None and applied.get(key) is None):
                found.append(unknown(push, _UNTOLD))
            else:
                found.append(self._applied(push, None if applied is None else applied[key]))
        return tuple(found)

    def _by_map(
        self, body: Json, pushes: Sequence[QuantityPush], keys: Sequence[str]
    ) -> tuple[PushResult, ...]:
        errors = None if self._map is None else self._map(body)
        if not isinstance(errors, dict):
            Document(errors, "" if self._spec.error_map is None else self._spec.error_map.text).names()
            raise MalformedAnswerError("the answer names no errors")
        strange = set(errors) - set(keys)
        found = []
        for push, key in zip(pushes, keys, strict=True):
            said = errors.get(key)
            if said:
                found.append(self._by_words(push, said))
            elif any(errors[name] for name in strange):
                found.append(unknown(push, "the answer has an error for an item that was not sent"))
            else:
                found.append(PushResult(push_id=push.push_id, outcome=Outcome.APPLIED))
        return tuple(found)

    def _by_words(self, push: QuantityPush, said: Json) -> PushResult:
        words = "; ".join(str(one) for one in said) if isinstance(said, list) else Document(said).shown()
        then = self._then("", words)
        return refused(push, words[:200], then) if then in DEFINITE else unknown(push, words[:200])

    def _applied(self, push: QuantityPush, row: Json) -> PushResult:
        echo = None if self._spec.echo is None else self._echo(row)
        least = self._least(row) if push.value == 0 and self._spec.least is not None else None
        return PushResult(
            push_id=push.push_id, outcome=Outcome.APPLIED, echo=echo, message=self._words(row), least=least
        )

    def _refused(self, push: QuantityPush, row: Json) -> PushResult:
        code, words = self._text(self._code, row), self._words(row)
        then = self._then(code, words)
        said = f"{code}: {words}" if code and words else code or words
        if then not in DEFINITE:
            return unknown(push, f"answered {said}".strip())
        if then == "stale":
            return refused(push, said, then, current=self._current(row))
        least = None if self._spec.least is None else self._least(row)
        if least is None or least <= push.value:
            return refused(push, said, then)
        # Told what it takes, nobody has to be asked.
        return replace(refused(push, said), least=least)

    def _then(self, code: str, words: str) -> Then:
        told = self._spec.codes.get(code)
        if told is not None:
            return told
        rule = self._rules.rule(None, code, words)
        return self._spec.otherwise if rule is None else rule.then

    def _words(self, row: Json) -> str:
        """The channel's own words; they decide nothing, so odd ones spoil nothing."""
        if self._message is None or not isinstance(row, dict):
            return ""
        try:
            said = self._message(row)
        except MalformedAnswerError:
            return ""
        return "" if said is None else Document(said).shown()

    def _text(self, find: Callable[[Json], Json] | None, row: Json) -> str:
        value = None if find is None else find(row)
        return "" if value is None or isinstance(value, dict | list) else str(value)

    def _said(self, row: Json) -> str:
        return f"{self._text(self._code, row)} {self._words(row)}".strip()


def _rows(spec: ResultSpec, account: Account) -> Callable[[Json], list[Json]]:
    path = spec.items or spec.failures
    if path is None:
        return lambda _body: []
    find = finder(path, account.open_values)
    if spec.items is not None:
        return rows_finder(find, path.text)
    # Where only failures are listed, no list means no failure.
    return lambda body: [] if (found := find(body)) is None else rows_finder(lambda _: found, path.text)(body)


def unknown(push: QuantityPush, message: str) -> PushResult:
    """It may have been applied."""
    return PushResult(push_id=push.push_id, outcome=Outcome.UNKNOWN, message=message)


def refused(
    push: QuantityPush, message: str, then: Then | None = None, current: int | None = None
) -> PushResult:
    """Definitely not applied."""
    return PushResult(
        push_id=push.push_id,
        outcome=Outcome.REFUSED,
        current=current,
        message=message,
        parks=then in PARKING,
    )
