"""What is due to whom? ``report premium``: per maker and month what was sold, cancelled and returned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.errors import InputError
from syncworker.interfaces.cli.command import OK, Group
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.cli.values import Month
from syncworker.interfaces.language import N_, _

if TYPE_CHECKING:
    from syncworker.interfaces.spreadsheet import Cell
    from syncworker.ledger.premiums import PremiumSum

COLUMNS = (
    "month", "maker", "sku", "premium", "currency", "sold", "cancelled", "returned", "due", "due_recorded_late",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """What is due to one maker in one currency; ``late`` of it was recorded after the month had ended."""

    maker: str
    currency: str | None
    sold: int
    cancelled: int
    returned: int
    due: Decimal
    late: Decimal


@click.group(cls=Group, help=N_("What is due to whom, computed from the books."))
def report() -> None:
    """The noun."""


@report.command(
    "premium",
    example="report premium --month 2026-11 --csv premium.csv",
    help=N_(
        "What is due to each maker for one month: units sold, cancelled and returned, times the premium that the product had"
        " when it was sold. A bundle pays the makers of its parts.\n\n"
        "A sale counts in the month in which it was sold, what was taken back in the month in which we learned of it. A later"
        " change of a premium or maker changes nothing of the past. What was entered after the month had ended is named"
        " apart, so that nothing is paid twice or forgotten."
    ),
)
@click.option("--month", required=True, type=Month(), help=N_("Which month, for instance 2026-11."))
@click.option("--maker", metavar="NAME", help=N_("Only this maker."))
@click.option(
    "--zone",
    metavar="NAME",
    help=N_("Time zone of the month, for instance Asia/Jakarta; this computer's unless given."),
)
@click.option(
    "--csv", "file", type=click.Path(path_type=Path), help=N_("Also write it to this .csv or .xlsx file.")
)
@click.option("--force", is_flag=True, help=N_("Replace the file if it is there already."))
@pass_desk
def premium(
    desk: Desk, month: tuple[int, int], maker: str | None, zone: str | None, file: Path | None, force: bool
) -> int:
    """One month."""
    from syncworker.ledger.premiums import between

    since, until = bounds(month, zone)
    with desk.app() as app, app.ledger.snapshot() as tx:
        sums = between(tx, since, until, maker=maker)
        is_over = until <= tx.now
    name = f"{month[0]}-{month[1]:02}"
    if file is not None:
        _write(file, name, sums, force=force)
    accounts = accounts_of(sums)
    document = {
        "month": name,
        "since": since,
        "until": until,
        "is_over": is_over,
        "makers": [_account(one) for one in accounts],
        "lines": [_line(one) for one in sums],
        "file": file,
    }
    desk.answer(document, lambda: _show(desk, name, sums, accounts, is_over=is_over, file=file))
    return OK


def bounds(month: tuple[int, int], zone: str | None) -> tuple[datetime, datetime]:
    """The first moment of a month and the first one after it, by the clock of that zone (``None``: this computer's)."""
    year, number = month
    following = (year + number // 12, number % 12 + 1)
    if zone is None:
        return datetime(year, number, 1).astimezone(), datetime(*following, 1).astimezone()
    where = _zone(zone)
    return datetime(year, number, 1, tzinfo=where), datetime(*following, 1, tzinfo=where)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(
            _("{name} is no time zone that this computer knows. Write it like Asia/Jakarta.").format(
                name=repr(name)
            )
        ) from error


def accounts_of(sums: Sequence[PremiumSum]) -> list[Account]:
    """One account a maker and currency: amounts of different currencies are never added."""

    def key(one: PremiumSum) -> tuple[str, str]:
        return one.terms.maker, one.terms.currency or ""

    found = []
    for (maker, currency), group in groupby(sorted(sums, key=key), key=key):
        lines = list(group)
        found.append(
            Account(
                maker=maker,
                currency=currency or None,
                sold=sum(one.earned.sold for one in lines),
                cancelled=sum(one.earned.cancelled for one in lines),
                returned=sum(one.earned.returned for one in lines),
                due=sum((one.earned.due(one.terms.amount) for one in lines), Decimal(0)),
                late=sum((one.late.due(one.terms.amount) for one in lines), Decimal(0)),
            )
        )
    return found


def _show(
    desk: Desk,
    month: str,
    sums: Sequence[PremiumSum],
    accounts: Sequence[Account],
    *,
    is_over: bool,
    file: Path | None,
) -> None:
    from syncworker.interfaces.cli.paper import harmless, table
    from syncworker.interfaces.figures import number

    if not sums:
        desk.say(_("Nothing of a known maker was sold or taken back in {month}.").format(month=month))
        desk.say(_("Say who made what: `syncworker product set SKU --maker NAME --premium AMOUNT`."))
    else:
        rows = [
            [
                one.terms.maker, one.sku, _money(one.terms.amount, one.terms.currency), number(one.earned.sold),
                number(one.earned.cancelled), number(one.earned.returned),
                _money(one.earned.due(one.terms.amount), one.terms.currency),
            ]
            for one in sums
        ]  # fmt: skip
        titles = [_("Maker"), _("SKU"), _("Premium"), _("Sold"), _("Cancelled"), _("Returned"), _("Due")]
        table(desk, titles, rows, right=(2, 3, 4, 5, 6))
        for account in accounts:
            desk.say(_("{maker}: {due} due for {month}.").format(
                maker=harmless(account.maker), due=_money(account.due, account.currency), month=month))  # fmt: skip
            if account.late:
                desk.say(_("  of which {due} was entered after the month had ended").format(
                    due=_money(account.late, account.currency)))  # fmt: skip
    if not is_over:
        desk.say(_("The month is not over yet: more can come."))
    if file is not None:
        desk.say(_("Written to {file}.").format(file=file))


def _money(amount: Decimal, currency: str | None) -> str:
    from syncworker.interfaces.figures import money

    return money(amount, currency) if currency is not None else str(amount)


def _line(one: PremiumSum) -> dict[str, object]:
    return {
        "maker": one.terms.maker,
        "sku": one.sku,
        "premium": one.terms.amount,
        "currency": one.terms.currency,
        "sold": one.earned.sold,
        "cancelled": one.earned.cancelled,
        "returned": one.earned.returned,
        "due": one.earned.due(one.terms.amount),
        "due_recorded_late": one.late.due(one.terms.amount),
    }


def _account(one: Account) -> dict[str, object]:
    return {
        "maker": one.maker,
        "currency": one.currency,
        "sold": one.sold,
        "cancelled": one.cancelled,
        "returned": one.returned,
        "due": one.due,
        "due_recorded_late": one.late,
    }


def _write(file: Path, month: str, sums: Iterable[PremiumSum], *, force: bool) -> None:
    from syncworker.interfaces.spreadsheet import written

    with written(file, list(COLUMNS), force=force) as take:
        for one in sums:
            row: dict[str, object] = {"month": month, **_line(one)}
            take([_cell(row[name]) for name in COLUMNS])


def _cell(value: object) -> Cell:
    """Whole amounts are numbers, which a spreadsheet can add up."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    return value if isinstance(value, int | str) or value is None else str(value)
