"""What does a product cost at one channel? A rule of factor, addition and rounding over the catalogue's price, exactly.

Knows no currency's name and no exchange rate: an amount stays in the currency it is in.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from enum import StrEnum

#: More digits than any product of two of our amounts has, so that nothing is rounded on the way.
_EXACT = Context(prec=80)
#: The largest and the finest number that a rule may hold.
LARGEST = Decimal(10) ** 14
FINEST = Decimal("0.0001")


class Rounding(StrEnum):
    """Which way an amount between two steps goes; ``nearest`` takes the upper one from the middle on."""

    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"


_MODES = {
    Rounding.UP: ROUND_CEILING,
    Rounding.DOWN: ROUND_FLOOR,
    Rounding.NEAREST: ROUND_HALF_UP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRule:
    """The channel's price is the catalogue's × ``factor`` + ``plus``, rounded to a multiple of ``round_to``."""

    factor: Decimal = Decimal(1)
    #: Added after the factor; below 0 takes something off.
    plus: Decimal = Decimal(0)
    #: ``None``: to what the currency can be paid in.
    round_to: Decimal | None = None
    rounding: Rounding = Rounding.NEAREST

    def __post_init__(self) -> None:
        _within("factor", self.factor, least=Decimal(0))
        _within("plus", self.plus, least=-LARGEST)
        if self.round_to is not None:
            _within("round_to", self.round_to, least=FINEST)


def _within(name: str, value: Decimal, *, least: Decimal) -> None:
    if not value.is_finite() or not least <= value <= LARGEST:
        raise ValueError(f"{name} must lie between {least:f} and {LARGEST:f}, not {value}")
    if _EXACT.remainder(value, FINEST):
        raise ValueError(f"{name} can have 4 decimals at most, not {value:f}")


def price_by(rule: PriceRule, amount: Decimal, *, unit: Decimal) -> Decimal:
    """The price at the channel: exact, a multiple of the rule's step and of the currency's ``unit``, never below 0.

    ValueError where the rule's step is finer than the currency can be paid in.
    """
    step = unit if rule.round_to is None else rule.round_to
    if _EXACT.remainder(step, unit):
        raise ValueError(f"round_to {step:f} is no multiple of {unit:f}, the least that its currency has")
    exact = _EXACT.add(_EXACT.multiply(amount, rule.factor), rule.plus)
    steps = _EXACT.divide(max(exact, Decimal(0)), step).to_integral_value(_MODES[rule.rounding])
    return _EXACT.multiply(steps, step)
