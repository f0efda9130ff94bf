"""A channel's price is exact, a multiple of its step, payable in its currency, and never below nothing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from syncworker.core.pricing import PriceRule, Rounding, price_by

UNITS = {"IDR": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}
_amounts = st.decimals(0, 10**12, places=2)
_steps = st.one_of(st.none(), st.sampled_from(["0.05", "0.5", "1", "99", "500", "1000", "12.5"]).map(Decimal))


@st.composite
def _rules(draw: st.DrawFn) -> PriceRule:
    return PriceRule(
        factor=draw(st.decimals(0, 100, places=4)),
        plus=draw(st.decimals(-(10**6), 10**6, places=2)),
        round_to=draw(_steps),
        rounding=draw(st.sampled_from(Rounding)),
    )


def _exact(rule: PriceRule, amount: Decimal) -> Fraction:
    return max(Fraction(0), Fraction(amount) * Fraction(rule.factor) + Fraction(rule.plus))


@settings(max_examples=300, deadline=None)
@given(_rules(), _amounts, st.sampled_from(sorted(UNITS.values())))
def test_a_price_is_a_payable_multiple_of_the_step_next_to_the_exact_amount(
    rule: PriceRule, amount: Decimal, unit: Decimal
) -> None:
    step = Fraction(unit if rule.round_to is None else rule.round_to)
    assume((step / Fraction(unit)).denominator == 1)

    price = price_by(rule, amount, unit=unit)

    found, exact = Fraction(price), _exact(rule, amount)
    assert found >= 0
    assert (found / step).denominator == 1
    assert (found / Fraction(unit)).denominator == 1
    off = found - exact
    assert {
        Rounding.UP: 0 <= off < step,
        Rounding.DOWN: -step < off <= 0,
        Rounding.NEAREST: -step / 2 < off <= step / 2,
    }[rule.rounding]


@given(_amounts)
def test_no_rule_changes_no_price(amount: Decimal) -> None:
    assert price_by(PriceRule(), amount, unit=Decimal("0.01")) == amount


@given(_rules(), _amounts, _amounts)
def test_what_costs_more_here_never_costs_less_there(rule: PriceRule, one: Decimal, other: Decimal) -> None:
    assume(rule.round_to is None or rule.round_to % Decimal("0.01") == 0)
    low, high = sorted((one, other))

    assert price_by(rule, low, unit=Decimal("0.01")) <= price_by(rule, high, unit=Decimal("0.01"))


def test_a_step_that_nobody_can_pay_is_refused() -> None:
    with pytest.raises(ValueError, match="no multiple of 1"):
        price_by(PriceRule(round_to=Decimal("0.5")), Decimal(100), unit=Decimal(1))


@pytest.mark.parametrize(
    ("field", "value"),
    [("factor", "-1"), ("factor", "NaN"), ("factor", "1.00001"), ("round_to", "0"), ("plus", "Infinity")],
)
def test_a_rule_of_nonsense_is_refused_by_name(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=field):
        PriceRule(**{field: Decimal(value)})  # type: ignore[arg-type]


def test_the_example_of_a_seller() -> None:
    rule = PriceRule(factor=Decimal("1.05"), round_to=Decimal(500), rounding=Rounding.UP)

    assert price_by(rule, Decimal(85000), unit=Decimal("0.01")) == Decimal(89500)
