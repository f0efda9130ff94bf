"""What may a person type for a quantity, an amount, a time? Strict readings, with a sentence for each mistake."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

import click

from syncworker.core.model import MAX_QUANTITY
from syncworker.interfaces.cli.command import MINUS
from syncworker.interfaces.language import _

_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])")


class Units(click.ParamType[int]):
    """A whole number of units; ``12``, never ``1e3``, ``1.5`` or ``1,000``."""

    name = "units"

    def __init__(self, *, least: int = 0) -> None:
        self.least = least

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value).replace(MINUS, "-").strip()
        if not text:
            self.fail(
                _("the quantity is empty. Write a whole number such as 12; write 0 if there are none."),
                param,
                ctx,
            )
        if not _WHOLE.fullmatch(text):
            self.fail(
                _("{text} is not a whole number. Write it with digits alone, without dots or commas: 12.").format(text=repr(text)),
                param, ctx,
            )  # fmt: skip
        units = int(text)
        if units < self.least:
            self.fail(
                _("{units} is too small; it must be {least} or more.").format(units=units, least=self.least),
                param,
                ctx,
            )
        if units > MAX_QUANTITY:
            self.fail(
                _("{units} is surely a typing mistake: more than {most} units. Check the number.").format(
                    units=units, most=MAX_QUANTITY
                ),
                param, ctx,
            )  # fmt: skip
        return units


class Amount(click.ParamType[Decimal]):
    """An amount of money: ``85000`` or ``12.50``."""

    name = "amount"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        text = str(value)
        try:
            amount = Decimal(text) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,4})?", text) else None
        except InvalidOperation:  # pragma: no cover - the pattern admits numbers alone
            amount = None
        if amount is None:
            self.fail(_("{text} is not an amount. Write 85000 or 12.50.").format(text=repr(text)), param, ctx)
        return amount


class Moment(click.ParamType[datetime]):
    """A time on this computer's clock, ``2026-11-24 17:30``, or with its own zone."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(str(value)).astimezone()
        except (ValueError, OverflowError):
            self.fail(
                _("{text} is not a time. Write it like 2026-11-24 17:30.").format(text=repr(str(value))),
                param,
                ctx,
            )


class Until(Moment):
    """An end: a time, or a day, which ends with its last second: ``2026-12-01``."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        told = super().convert(value, param, ctx)
        if not _DAY.fullmatch(str(value)):
            return told
        try:
            return (told.replace(tzinfo=None) + timedelta(days=1)).astimezone()
        except (ValueError, OverflowError):
            # The day after the last one that a clock can show.
            return told


class Month(click.ParamType[tuple[int, int]]):
    """A month, ``2026-11``, as year and month."""

    name = "month"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        text = str(value)
        if not _MONTH.fullmatch(text):
            self.fail(_("{text} is not a month. Write it like 2026-11.").format(text=repr(text)), param, ctx)
        return int(text[:4]), int(text[5:])


class Asked(click.ParamType[tuple[str, int]]):
    """A SKU and how many of it: ``BIN-BAMBU=36``."""

    name = "SKU=UNITS"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        sku, equals, units = str(value).rpartition("=")
        if not equals or not sku:
            self.fail(
                _("{text} does not say what and how many. Write it like BIN-BAMBU=36.").format(
                    text=repr(str(value))
                ),
                param, ctx,
            )  # fmt: skip
        return sku, Units(least=1).convert(units, param, ctx)
