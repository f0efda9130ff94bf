"""Is a connector sound? ``connector check`` looks at its form, ``connector test`` puts it to the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import FAILED, OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.connector.conformance import Report


@click.command(
    cls=Command,
    example="connector check .",
    help=N_(
        "Look at a connector without opening it: contract, settings, imports, every mistake of a manifest. TARGET is an"
        " author's folder (the default is this one), a manifest, or the name of an installed connector."
        "\n\nExit code 1: something is wrong."
    ),
)
@click.argument("target", default=".")
@pass_desk
def check(desk: Desk, target: str) -> int:
    """Name every mistake."""
    from syncworker.connector.workshop import inspect

    found = inspect(target)
    document = {"checked": [{"name": one.name, "mistakes": list(one.mistakes)} for one in found]}

    def show() -> None:
        for one in found:
            desk.say(f"{'✗' if one.mistakes else '✓'} {one.name}")
            for mistake in one.mistakes:
                desk.say(f"    {mistake}")

    desk.answer(document, show)
    return FAILED if any(one.mistakes for one in found) else OK


@click.command(
    cls=Command,
    example="connector test .",
    help=N_(
        "Put a connector to the test: every conformance check on each bench of the `conformance_bench.py` files below PATH"
        " (this folder unless given). Prints the level reached, bronze, silver or gold, and the reason of whatever was not"
        " run.\n\nExit code 1: a check failed."
    ),
)
@click.argument("path", default=".", type=click.Path(exists=True, path_type=Path))
@click.option("--only", "only", multiple=True, metavar="ID", help=N_("This check alone; repeat it for more."))
@pass_desk
def test(desk: Desk, path: Path, only: tuple[str, ...]) -> int:
    """Run them."""
    from syncworker.connector.conformance import checks
    from syncworker.connector.workshop import BENCH_FILE, bench_files
    from syncworker.errors import InputError
    from syncworker.telemetry import configure_logging

    known = {one.id for one in checks()}
    stray = [one for one in only if one not in known]
    if stray:
        raise InputError(
            _("There is no check {ids}. There are: {known}").format(
                ids=", ".join(stray), known=", ".join(sorted(known))
            )
        )
    folder = path if path.is_dir() else path.parent
    files = bench_files(folder) if path.is_dir() else [path]
    if not files:
        raise InputError(_("There is no {file} below {path}.").format(file=BENCH_FILE, path=path))
    configure_logging(level="critical", secrets=())
    reports = [report for file in files for report in _certified(desk, file, folder, only)]
    desk.answer(
        {"reports": [_document(one) for one in reports]}, lambda: _show(desk, reports, whole=not only)
    )
    return FAILED if any(one.failures for one in reports) else OK


def _certified(desk: Desk, file: Path, folder: Path, only: tuple[str, ...]) -> Iterator[Report]:
    """A report for each bench of the file."""
    from syncworker.connector.conformance import certify
    from syncworker.connector.workshop import bench_file_opened

    with bench_file_opened(file, folder) as benches:
        for name, opens in benches.items():
            desk.note(_("Testing {name} ...").format(name=name))
            with opens() as bench:
                yield certify(name, bench, only=only or None)


def _document(report: Report) -> dict[str, object]:
    return {
        "bench": report.name,
        "level": report.level,
        "checks": [
            {"id": one.check.id, "level": one.check.level, "verdict": one.verdict, "reason": one.words}
            for one in report.findings
        ],
    }


def _show(desk: Desk, reports: list[Report], *, whole: bool) -> None:
    from syncworker.connector.conformance import Verdict

    words = {
        Verdict.FAILED: _("failed"),
        Verdict.SKIPPED: _("skipped"),
        Verdict.NOT_APPLICABLE: _("nothing to prove"),
    }
    for report in reports:
        passed = sum(one.verdict is Verdict.PASSED for one in report.findings)
        reached = report.level.value if report.level else _("below bronze")
        level = reached if whole else "–"
        desk.say(
            _("{name}: {level}; {passed} of {all} checks passed").format(
                name=report.name, level=level, passed=passed, all=len(report.findings)
            )
        )
        for one in report.findings:
            if one.verdict in words:
                desk.say(f"  {words[one.verdict]}: {one.check.id} ({one.check.level}): {one.words}")
