"""How do a channel's prices follow from the catalogue's? ``[channels.NAME.price]``, amounts as text so that they are exact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from syncworker.core.pricing import PriceRule, Rounding
from syncworker.settings.reading import shown, unknown_key

KEYS = ("factor", "plus", "round_to", "rounding")
_AMOUNT = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,4})?")
_EXPECTED = 'an amount in quotes such as "1.05", or a whole number'


def read_price(where: str, raw: Mapping[str, object], problems: list[str]) -> PriceRule | None:
    """The rule, or ``None`` where there is none or it cannot be used; what is wrong is added to ``problems``."""
    if "price" not in raw:
        return None
    where, table = f"{where}.price", raw["price"]
    if not isinstance(table, dict):
        problems.append(f"{where}: found {shown(table)}, expected a table [{where.rpartition(': ')[2]}]")
        return None
    before = len(problems)
    problems += [unknown_key(where, key, KEYS) for key in table if key not in KEYS]
    factor = _amount(where, table, "factor", problems)
    plus = _amount(where, table, "plus", problems)
    step = _amount(where, table, "round_to", problems)
    rounding = _rounding(where, table, problems)
    if len(problems) > before:
        return None
    try:
        return PriceRule(
            factor=Decimal(1) if factor is None else factor,
            plus=Decimal(0) if plus is None else plus,
            round_to=step,
            rounding=rounding,
        )
    except ValueError as error:
        problems.append(f"{where}: {error}")
        return None


def _amount(where: str, table: Mapping[str, object], key: str, problems: list[str]) -> Decimal | None:
    """An exact amount. A number with a point is refused: TOML makes a float of it, and 1.05 is not one."""
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        return Decimal(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, float):
        problems.append(f'{where}.{key}: found {value}, write it in quotes, "{value}", so that it is exact')
    else:
        problems.append(f"{where}.{key}: found {shown(value)}, expected {_EXPECTED}")
    return None


def _rounding(where: str, table: Mapping[str, object], problems: list[str]) -> Rounding:
    value = table.get("rounding", Rounding.NEAREST.value)
    names = [each.value for each in Rounding]
    if isinstance(value, str) and value in names:
        return Rounding(value)
    expected = ", ".join(f'"{name}"' for name in names)
    problems.append(f"{where}.rounding: found {shown(value)}, expected one of {expected}")
    return Rounding.NEAREST
