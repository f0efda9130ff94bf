"""The kit itself: levels, reasons, and what a bench has to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncworker.connector.conformance import Bench, Finding, Level, Report, Verdict, certify, checks
from syncworker.connector.conformance.inspection import contract_mistakes, foreign_imports_of
from syncworker.connector.registry import load

pytest_plugins = ["pytester"]

BENCH = """
from syncworker.connector.conformance import Bench, bench
from syncworker.connector.registry import load

@bench
def stall():
    yield Bench(connector=load("counter"), settings={"title": "Stall"}, skips=%s)
"""


def test_ids_are_stable_and_every_check_says_its_rule() -> None:
    ids = [one.id for one in checks()]

    assert len(set(ids)) == len(ids)
    assert all(one.rule.endswith(".") for one in checks())
    assert [one.level for one in checks()] == sorted((one.level for one in checks()), key=list(Level).index)


@pytest.mark.parametrize(
    ("failed", "reached"),
    [
        (None, Level.GOLD),
        ("plan-again", Level.SILVER),
        ("restock-on-cancel", Level.BRONZE),
        ("contract", None),
    ],
)
def test_a_level_needs_everything_below_it(failed: str | None, reached: Level | None) -> None:
    findings = tuple(Finding(one, Verdict.FAILED if one.id == failed else Verdict.PASSED) for one in checks())

    assert Report("x", findings).level is reached


@pytest.mark.parametrize(
    ("skips", "verdict", "words"),
    [
        ({"answers": "the stall has no telephone"}, Verdict.SKIPPED, "the stall has no telephone"),
        ({"answers": " "}, Verdict.FAILED, "without a reason"),
        ({"anwers": "typed wrongly"}, Verdict.FAILED, "no check: anwers"),
    ],
)
def test_a_skipped_check_needs_a_reason(skips: dict[str, str], verdict: Verdict, words: str) -> None:
    report = certify("stall", Bench(connector=load("counter"), skips=skips), only=["answers"])

    assert (report.findings[-1].verdict, words in report.findings[-1].words) == (verdict, True)


def test_a_bench_without_a_far_side_says_why() -> None:
    connector = load("marketplace")
    settings = {"base_url": "https://shop.example/v1", "token": "token-1"}

    silent = certify("shop", Bench(connector=connector, settings=settings), only=["plan-again"])
    told = certify(
        "shop",
        Bench(connector=connector, settings=settings, without_shop="recorded answers alone"),
        only=["plan-again"],
    )

    assert "no far side" in silent.failures[0].words
    assert (told.failures, told.findings[0].words) == ((), "recorded answers alone")


def test_pytest_runs_the_checks_and_prints_level_and_reasons(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(conformance_bench=BENCH % '{"answers": "the stall has no telephone"}')

    done = pytester.runpytest_subprocess("-p", "syncworker.connector.conformance.plugin", "-p", "no:randomly")

    done.stdout.fnmatch_lines(
        ["*conformance_bench.py::stall: gold", "*skipped: answers - the stall has no telephone"]
    )
    assert done.ret == 0


def test_pytest_shows_the_rule_that_was_broken(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(conformance_bench=BENCH % '{"answers": ""}')

    done = pytester.runpytest_subprocess("-p", "syncworker.connector.conformance.plugin", "-k", "answers")

    done.stdout.fnmatch_lines(
        ["*bronze check answers", "*rule:*`check` proves address*", "*found:*without a reason*"]
    )
    assert done.ret == 1


def test_imports_beyond_the_contract_are_named(tmp_path: Path) -> None:
    (tmp_path / "sly.py").write_text(
        "from syncworker.ledger import pools\nimport syncworker.connector\nimport json\n"
    )

    assert [line.split(";")[0] for line in foreign_imports_of(tmp_path)] == [
        "sly.py:1 imports syncworker.ledger"
    ]


def test_every_way_of_missing_the_contract_is_named_at_once() -> None:
    class Half:
        name = "Half Done"
        contract = 0

    found = "; ".join(contract_mistakes(Half()))

    assert all(word in found for word in ("lacks a part", "'Half Done'", "contract = 0", "pydantic"))
