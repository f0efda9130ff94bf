"""How does pytest run the checks? Each marked function of a ``conformance_bench.py`` is a bench, each check on it a test.

``pytest -p syncworker.connector.conformance.plugin`` loads it; ``-k visibility-lag`` runs one check, ``-m bronze`` one level.
The report at the end names the level each bench reached and the reason of every check that was not run.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr
    from _pytest.terminal import TerminalReporter

    from syncworker.connector.conformance.bench import Bench, OpenBench
    from syncworker.connector.conformance.checks import Check

#: The file that holds benches.
BENCH_FILE = "conformance_bench.py"
_KEY = "syncworker-finding"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A bench file is found wherever pytest looks for tests."""
    if file_path.name == BENCH_FILE:
        return cast("pytest.Collector", BenchFile.from_parent(parent, path=file_path))
    return None


class BenchFile(pytest.Module):
    """One file of benches."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Its benches, by the names of their functions."""
        from syncworker.connector.conformance.bench import benches

        for name, opens in benches(vars(self.obj)).items():
            yield BenchNode.from_parent(self, name=name, opens=opens)


class BenchNode(pytest.Collector):
    """One bench: opened for its first check, closed after its last one."""

    def __init__(self, *, opens: OpenBench, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]  # as pytest gives them
        self._opens = opens
        self._entered: AbstractContextManager[Bench] | None = None
        self._bench: Bench | None = None
        #: Keeps the checks of one bench together where tests are shuffled by class.
        self.kind = type(self.name, (), {})

    def collect(self) -> Iterator[pytest.Item]:
        """Every check, in order."""
        from syncworker.connector.conformance.certify import checks

        for one in checks():
            yield CheckItem.from_parent(self, name=one.id, check=one)

    def bench(self) -> Bench:
        """The open bench."""
        if self._bench is None:
            self._entered = self._opens()
            self._bench = self._entered.__enter__()
        return self._bench

    def teardown(self) -> None:
        """Close it."""
        entered, self._entered, self._bench = self._entered, None, None
        if entered is not None:
            entered.__exit__(None, None, None)


class CheckItem(pytest.Item):
    """One check on one bench."""

    def __init__(self, *, check: Check, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]  # as pytest gives them
        self.check = check
        self.add_marker(check.level.value)

    @property
    def cls(self) -> type:
        """What pytest-randomly groups by."""
        return self._node.kind

    @property
    def module(self) -> types.ModuleType:
        """What pytest-randomly groups by first."""
        return cast("types.ModuleType", cast("BenchFile", self._node.parent).obj)

    @property
    def _node(self) -> BenchNode:
        return cast("BenchNode", self.parent)

    def runtest(self) -> None:
        """Run the check. One that the bench skips is a skip; one that has nothing to prove passes, and is reported."""
        from syncworker.connector.conformance.certify import examine, strays
        from syncworker.connector.conformance.judging import CheckFailedError, Verdict

        bench = self._node.bench()
        stray = strays(bench)
        if stray:
            raise CheckFailedError(f"skips name no check: {', '.join(stray)}")
        finding = examine(self.check, bench)
        said = (
            self._node.nodeid,
            self.check.id,
            self.check.level.value,
            finding.verdict.value,
            finding.words,
        )
        self.user_properties.append((_KEY, said))
        if finding.verdict is Verdict.FAILED:
            raise CheckFailedError(finding.words)
        if finding.verdict is Verdict.SKIPPED:
            pytest.skip(finding.words)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: object = None,  # noqa: ARG002 - pytest's signature
    ) -> str | TerminalRepr:
        """The rule, and how it was broken: a traceback through the kit would tell an author nothing."""
        from syncworker.connector.conformance.judging import CheckFailedError

        if isinstance(excinfo.value, CheckFailedError):
            return f"{self.check.level} check {self.check.id}\n  rule:  {self.check.rule}\n  found: {excinfo.value}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands: in the bench file, under the check's id."""
        return self.path, 0, f"{self._node.name}: {self.check.id}"


def pytest_configure(config: pytest.Config) -> None:
    """The levels are markers: ``pytest -m bronze``."""
    for level in ("bronze", "silver", "gold"):
        config.addinivalue_line("markers", f"{level}: a conformance check of this level")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """The level each bench reached, and why checks were not run."""
    benches: dict[str, list[tuple[str, str, str, str]]] = {}
    for name, *finding in _said(terminalreporter):
        benches.setdefault(name, []).append(cast("tuple[str, str, str, str]", tuple(finding)))
    if not benches:
        return
    terminalreporter.section("conformance")
    for name, findings in sorted(benches.items()):
        terminalreporter.write_line(f"{name}: {_level(findings) or 'below bronze'}")
        for line in lines(findings):
            terminalreporter.write_line(f"  {line}")


def _said(terminalreporter: TerminalReporter) -> Iterator[tuple[str, ...]]:
    """What each check that was run wrote into its report: the bench, and the finding."""
    every = (report for reports in terminalreporter.stats.values() for report in reports)
    for report in every:
        if getattr(report, "when", "") == "call":
            yield from (said for key, said in getattr(report, "user_properties", ()) if key == _KEY)


def lines(findings: list[tuple[str, str, str, str]]) -> list[str]:
    """What did not pass, those with one reason together: (id, level, verdict, words) each."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for check_id, _, verdict, words in sorted(findings, key=lambda one: (one[2], one[3], one[0])):
        if verdict != "passed":
            grouped.setdefault((verdict, words), []).append(check_id)
    return [f"{verdict}: {', '.join(ids)} - {words}" for (verdict, words), ids in grouped.items()]


def _level(findings: list[tuple[str, str, str, str]]) -> str | None:
    """The highest level that was run whole, and without a failure in it or below it."""
    from syncworker.connector.conformance.certify import checks
    from syncworker.connector.conformance.judging import Level

    sound = {check_id for check_id, _, verdict, _ in findings if verdict != "failed"}
    reached = None
    for level in Level:
        if not {one.id for one in checks(level=level)} <= sound:
            return reached
        reached = level.value
    return reached
