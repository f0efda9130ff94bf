"""What is a check, and what did it find? Stable ids in three levels; which checks there are is said elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from syncworker.connector.conformance.judging import Level, Verdict
from syncworker.connector.conformance.trial import Trial


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a connector has to hold."""

    id: str
    level: Level
    #: What holds when it passes, in one sentence.
    rule: str
    #: Whether somebody has to buy, edit or misbehave at the far side.
    needs_shop: bool
    run: Callable[[Trial], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; ``words`` is the reason, empty when it passed."""

    check: Check
    verdict: Verdict
    words: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings on one bench."""

    name: str
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level | None:
        """The highest level of which, and below which, nothing failed; ``None`` when bronze is not reached."""
        return level_of(self.findings)

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What has to be mended."""
        return tuple(one for one in self.findings if one.verdict is Verdict.FAILED)


def level_of(findings: Sequence[Finding]) -> Level | None:
    """The highest level without a failure in it or below it."""
    failed = {finding.check.level for finding in findings if finding.verdict is Verdict.FAILED}
    reached: Level | None = None
    for level in Level:
        if level in failed:
            return reached
        reached = level
    return reached


#: Every check by id, in the order they are run; filled by the modules that define them.
CHECKS: dict[str, Check] = {}


def check(
    check_id: str, level: Level, *, needs_shop: bool = True
) -> Callable[[Callable[[Trial], None]], Check]:
    """Define a check; its docstring is the rule."""

    def define(run: Callable[[Trial], None]) -> Check:
        rule = " ".join((run.__doc__ or "").split())
        made = Check(id=check_id, level=level, rule=rule, needs_shop=needs_shop, run=run)
        if check_id in CHECKS or not rule:
            raise ValueError(f"check {check_id!r} is defined twice, or has no sentence")
        CHECKS[check_id] = made
        return made

    return define
