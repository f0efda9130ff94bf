"""What does an error of this channel mean? The manifest's ordered rules, before the common table of statuses.

On a write nothing is retried unless the manifest declares that the channel answers so before any effect.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from syncworker.connector.answers import STATUS_TABLE, Json, Verdict
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.fields import finder
from syncworker.connector.declarative.manifest import Manifest
from syncworker.connector.declarative.parts import CostSpec, ErrorRule, RateSpec, Then
from syncworker.connector.pace import WAIT_MAX_S
from syncworker.connector.ruling import Ruling
from syncworker.errors import MalformedAnswerError, RetryLaterError

#: What a rule means for a request, apart from the ones that depend on it.
_VERDICTS: Mapping[Then, Verdict | None] = {
    "split": Verdict.REFUSED,
    "stale": Verdict.REFUSED,
    "gone": Verdict.REFUSED,
    "invalid": Verdict.REFUSED,
    "refused": Verdict.REFUSED,
    "fatal": Verdict.MISCONFIGURED,
    "unknown": Verdict.UNKNOWN,
    "done": None,
}
#: Refusals that no repeat mends: a person has to change something first.
PARKING: frozenset[Then] = frozenset(("gone", "invalid"))
#: What is definite about one item.
DEFINITE: frozenset[Then] = frozenset(("stale", "gone", "invalid", "refused"))


class Rulebook:
    """The rules of one account."""

    def __init__(self, manifest: Manifest, account: Account) -> None:
        errors, values = manifest.errors, account.open_values
        self._ok = None if errors.ok is None else finder(errors.ok, values)
        self._code, self._message = finder(errors.code, values), finder(errors.message, values)
        self._rules = [
            (rule, None if rule.message is None else re.compile(rule.message)) for rule in errors.rules
        ]
        self._statuses = {
            **STATUS_TABLE,
            **{int(key): Verdict(word) for key, word in manifest.statuses.items()},
        }
        self.limits = None if manifest.rate is None else Limits(manifest.rate, account)

    def words(self, body: Json) -> tuple[str, str]:
        """The channel's code and message, empty where it tells none; odd ones spoil nothing."""
        return _word(self._code, body), _word(self._message, body)

    def is_error(self, status: int, body: Json) -> bool:
        """Whether an answer is an error: by its status, or by what it says of itself."""
        if not 200 <= status < 300:
            return True
        if self._ok is None:
            return False
        try:
            return self._ok(body) is not True
        except MalformedAnswerError:
            return True

    def rule(self, status: int | None, code: str, message: str) -> ErrorRule | None:
        """The first rule that fits; an item inside an answer has no status."""
        fitting = (rule for rule, pattern in self._rules if _fits(rule, pattern, status, code, message))
        return next(fitting, None)

    def verdict(self, status: int) -> Verdict:
        """What the table says of a status; an error inside a 2xx proves nothing."""
        return self._statuses.get(status, Verdict.UNKNOWN)


@dataclass(slots=True)
class Judgement:
    """Rules on the answers to one request; afterwards ``then`` says which kind of rule the last one met."""

    rulebook: Rulebook
    effect: bool
    #: Answers that are wanted although their status is none of success.
    wanted: Callable[[int, Json], bool] | None = None
    then: Then | None = None
    #: Which request it is, for its price.
    request: str = ""
    _times: int = 0

    def __call__(self, status: int, body: Json, headers: Mapping[str, str]) -> Ruling | None:
        """A ``Judge`` for ``ChannelHttp``."""
        self.then = None
        if self.rulebook.limits is not None:
            self.rulebook.limits.note(headers)
            self.rulebook.limits.charge(self.request, body)
        if self.wanted is not None and self.wanted(status, body):
            return Ruling(verdict=None)
        if not self.rulebook.is_error(status, body) or 300 <= status < 400:
            return None
        code, message = self.rulebook.words(body)
        rule = self.rulebook.rule(status, code, message)
        said = ": ".join(part for part in (code, message) if part)
        if rule is None:
            return self._ruling(self.rulebook.verdict(status), code, said, headers, renew=status == 401)
        self.then = rule.then
        return self._by_rule(rule, code, said, headers)

    def _by_rule(self, rule: ErrorRule, code: str, said: str, headers: Mapping[str, str]) -> Ruling:
        if rule.then in _VERDICTS:
            return self._ruling(_VERDICTS[rule.then], code, said, headers)
        if self.effect and not rule.before_effect:
            return self._ruling(Verdict.UNKNOWN, code, said, headers)
        if rule.then == "renew_auth":
            return self._ruling(Verdict.MISCONFIGURED, code, said, headers, renew=True)
        self._times += 1
        if rule.then == "retry_once" and self._times > 1:
            return self._ruling(Verdict.REFUSED, code, said, headers)
        ruling = self._ruling(Verdict.RETRY_LATER, code, said, headers)
        if rule.then != "quota_day":
            return ruling
        return Ruling(verdict=ruling.verdict, code=code, message=said, retry_after_s=_until_tomorrow_s())

    def _ruling(
        self,
        verdict: Verdict | None,
        code: str,
        said: str,
        headers: Mapping[str, str],
        *,
        renew: bool = False,
    ) -> Ruling:
        limits = self.rulebook.limits
        wait_s = None if limits is None else limits.asked_s(headers)
        return Ruling(verdict=verdict, code=code, message=said, retry_after_s=wait_s, renew=renew)


class Limits:
    """What the channel told of its limits, as far as this process has seen."""

    def __init__(self, spec: RateSpec, account: Account) -> None:
        self._spec = spec
        self._resume_at = 0.0
        self._purse = None if spec.cost is None else Purse(spec.cost, account)

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember when calls are allowed again, if there are none left."""
        left = _seconds(headers.get((self._spec.remaining or "").lower()))
        if left is None or left >= 1:
            return
        reset_s = self._reset_s(headers)
        if reset_s is not None:
            self._resume_at = max(self._resume_at, time.monotonic() + min(reset_s, 3600.0))

    def charge(self, request: str, body: Json) -> None:
        """Remember what a request cost, where calls have prices."""
        if self._purse is not None:
            self._purse.charge(request, body)

    def wait(self, request: str, sleep: Callable[[float], None]) -> None:
        """Return when a request may leave; ``RetryLaterError`` if that is more than two seconds away."""
        wait_s = self._resume_at - time.monotonic()
        if self._purse is not None:
            wait_s = max(wait_s, self._purse.wait_s(request))
        if wait_s > WAIT_MAX_S:
            raise RetryLaterError("not sent: the channel's allowance is used up", retry_after_s=wait_s)
        if wait_s > 0:
            sleep(wait_s)

    def asked_s(self, headers: Mapping[str, str]) -> float | None:
        """Seconds to be left alone, by the channel's own header."""
        asked = _seconds(headers.get((self._spec.retry_after or "").lower()))
        if asked is None:
            return None
        return asked / 1000 if self._spec.retry_after_unit == "ms" else asked

    def _reset_s(self, headers: Mapping[str, str]) -> float | None:
        value = _seconds(headers.get((self._spec.reset or "").lower()))
        if value is None:
            return 1.0
        factor = 1000.0 if self._spec.reset_unit in {"ms", "epoch_ms"} else 1.0
        base = time.time() if self._spec.reset_unit.startswith("epoch") else 0.0
        return max(value / factor - base, 0.0)


class Purse:
    """What is left to pay calls with, as the last answer told it, and what each request cost last."""

    def __init__(self, spec: CostSpec, account: Account) -> None:
        values = account.open_values
        self._requested, self._available = finder(spec.requested, values), finder(spec.available, values)
        self._restore = finder(spec.restore, values)
        self._left, self._each_second, self._told_at = 0.0, 0.0, 0.0
        self._prices: dict[str, float] = {}

    def charge(self, request: str, body: Json) -> None:
        """From an answer that tells it; one that does not changes nothing."""
        requested, left, each_second = (
            _amount(find, body) for find in (self._requested, self._available, self._restore)
        )
        if requested is not None:
            self._prices[request] = requested
        if left is not None and each_second:
            self._left, self._each_second, self._told_at = left, each_second, time.monotonic()

    def wait_s(self, request: str) -> float:
        """Seconds until the request can be paid; 0 for one whose price nobody knows yet."""
        price = self._prices.get(request)
        if price is None or not self._each_second:
            return 0.0
        left = self._left + (time.monotonic() - self._told_at) * self._each_second
        return max(price - left, 0.0) / self._each_second


def _amount(find: Callable[[Json], Json], body: Json) -> float | None:
    try:
        value = find(body)
    except MalformedAnswerError:
        return None
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return float(value) if is_number and value >= 0 else None  # type: ignore[arg-type, operator]  # a number


def _fits(
    rule: ErrorRule, pattern: re.Pattern[str] | None, status: int | None, code: str, message: str
) -> bool:
    statuses = (rule.status,) if isinstance(rule.status, int) else rule.status
    codes = (rule.code,) if isinstance(rule.code, str) else rule.code
    return (
        (statuses is None or status in statuses)
        and (codes is None or code in codes)
        and (pattern is None or pattern.search(message) is not None)
    )


def _word(find: Callable[[Json], Json], body: Json) -> str:
    try:
        value = find(body)
    except MalformedAnswerError:
        return ""
    return "" if value is None or isinstance(value, dict | list) else str(value)[:1000]


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 10**15 else None


def _until_tomorrow_s() -> float:
    now = datetime.now(UTC)
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - now).total_seconds()
