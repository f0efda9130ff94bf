"""Is anything sold twice by the real engine at two WooCommerce shops that misfortune strikes?"""

from __future__ import annotations

from tests.connectors.aggregators.trade import sells_nothing_twice


def test_nothing_is_sold_twice_and_everything_comes_to_rest() -> None:
    sells_nothing_twice("woocommerce", seed=4)
