"""How far is a connector proven? Every check on one bench, in their order; a check that fails never stops the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from syncworker.connector.conformance import basics, numbers, selling, troubles
from syncworker.connector.conformance.bench import Bench, CannotError
from syncworker.connector.conformance.checks import CHECKS, Check, Finding, Report
from syncworker.connector.conformance.judging import CheckFailedError, Level, NotApplicableError, Verdict
from syncworker.connector.conformance.trial import Trial

#: The modules whose checks there are; named, so that importing them is no accident.
ROOMS = (basics, selling, troubles, numbers)


def checks(*, level: Level | None = None) -> tuple[Check, ...]:
    """Every check, or those of one level, in the order they are run."""
    levels = list(Level)
    ordered = sorted(CHECKS.values(), key=lambda one: levels.index(one.level))
    return tuple(one for one in ordered if level is None or one.level is level)


def certify(
    name: str,
    bench: Bench,
    *,
    only: Iterable[str] | None = None,
    tell: Callable[[Finding], None] | None = None,
) -> Report:
    """Run the checks on this bench; ``tell`` hears of each finding when it is made."""
    wanted = None if only is None else set(only)
    findings: list[Finding] = []
    for one in checks():
        if wanted is None or one.id in wanted:
            findings.append(examine(one, bench))
            if tell is not None:
                tell(findings[-1])
    stray = strays(bench)
    if stray:
        findings.append(
            Finding(CHECKS["contract"], Verdict.FAILED, f"skips name no check: {', '.join(stray)}")
        )
    return Report(name=name, findings=tuple(findings))


def examine(one: Check, bench: Bench) -> Finding:
    """Run one check; whatever the connector raises is a finding."""
    if one.id in bench.skips:
        reason = bench.skips[one.id].strip()
        if not reason:
            return Finding(one, Verdict.FAILED, "skipped without a reason: write one")
        return Finding(one, Verdict.SKIPPED, reason)
    if one.needs_shop and bench.shop is None:
        if _is_ours(bench):
            return Finding(one, Verdict.NOT_APPLICABLE, "own_number = True: nothing is sent, read or pulled")
        if bench.without_shop.strip():
            return Finding(one, Verdict.SKIPPED, bench.without_shop.strip())
        return Finding(
            one, Verdict.FAILED, "the bench has no far side: give it a shop, or say why in without_shop"
        )
    return _run(one, bench)


def _is_ours(bench: Bench) -> bool:
    """Whether the channel's number is ours alone, so that nobody at a far side could contradict it."""
    try:
        return bench.open().capabilities().own_number is True
    except Exception:  # noqa: BLE001 - the check `contract` tells what is wrong with it
        return False


def _run(one: Check, bench: Bench) -> Finding:
    try:
        one.run(Trial(bench))
    except CheckFailedError as failure:
        return Finding(one, Verdict.FAILED, str(failure))
    except NotApplicableError as reason:
        return Finding(one, Verdict.NOT_APPLICABLE, str(reason))
    except CannotError as lack:
        return Finding(
            one, Verdict.FAILED, f"{lack}: teach the bench, or write a reason into skips[{one.id!r}]"
        )
    except Exception as error:  # noqa: BLE001 - a stranger's code may raise anything
        return Finding(one, Verdict.FAILED, f"raised {type(error).__name__}: {error}")
    finally:
        if bench.shop is not None:
            bench.shop.heal()
    return Finding(one, Verdict.PASSED)


def strays(bench: Bench) -> Sequence[str]:
    """Ids in ``skips`` that are no check."""
    return sorted(set(bench.skips) - set(CHECKS))
