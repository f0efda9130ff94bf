"""How are numbers, money and times written for a person? Babel's rules for the language that is spoken."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from syncworker.interfaces.language import _, ngettext, spoken

_LOCALES = {"en": "en_GB", "id": "id_ID"}
#: Currencies that nobody writes decimals of, whatever the tables say.
_WHOLE = frozenset({"IDR", "JPY", "KRW", "VND"})


def number(value: int) -> str:
    """``1.250`` in Indonesian, ``1,250`` in English."""
    from babel.numbers import format_decimal

    return format_decimal(value, locale=_locale())


def mean(value: float) -> str:
    """An average: ``0.25`` below ten, ``19.7`` below a hundred, ``1,250`` above; without zeros at its end."""
    from babel.numbers import format_decimal

    places = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return format_decimal(round(value, places), locale=_locale())


def number_or_unknown(value: int | None) -> str:
    """Unknown is never zero."""
    return _("unknown") if value is None else number(value)


def signed(value: int) -> str:
    """With its sign: ``+3``, ``-3``."""
    return f"+{number(value)}" if value > 0 else number(value)


def money(amount: Decimal | None, currency: str | None) -> str:
    """``Rp85.000``; empty without an amount."""
    from babel.numbers import format_currency

    if amount is None or currency is None:
        return ""
    # Rupiah are written the Indonesian way in either language.
    locale = "id_ID" if currency == "IDR" else _locale()
    whole = currency in _WHOLE and amount == amount.to_integral_value()
    if whole:
        return format_currency(amount, currency, format="¤#,##0", currency_digits=False, locale=locale)
    return format_currency(amount, currency, locale=locale)


def moment(at: datetime | None) -> str:
    """A time on this computer's clock, to the second; a dash without one."""
    if at is None:
        return "–"
    from babel.dates import format_datetime

    return format_datetime(at.astimezone(), "d MMM y HH:mm:ss", locale=_locale())


def span(duration: timedelta) -> str:
    """How long, in the largest unit that says enough: ``45 seconds``, ``3 minutes``."""
    seconds = max(0, round(duration.total_seconds()))
    if seconds < 120:
        return ngettext("{n} second", "{n} seconds", seconds).format(n=number(seconds))
    if seconds < 7200:
        return ngettext("{n} minute", "{n} minutes", seconds // 60).format(n=number(seconds // 60))
    return ngettext("{n} hour", "{n} hours", seconds // 3600).format(n=number(seconds // 3600))


def _locale() -> str:
    return _LOCALES[spoken()]
