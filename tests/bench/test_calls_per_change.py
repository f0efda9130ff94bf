"""Does no channel cost more requests than its batch rules make necessary? Counted, not timed."""

from __future__ import annotations

from bench.calls_per_change import cases, measure
from syncworker.connector.registry import available


def test_changed_numbers_cost_the_fewest_requests_that_the_channels_rules_allow() -> None:
    costs = {cost.case.name: (cost.requests, cost.case.least) for cost in measure(cases())}

    assert {name: requests for name, (requests, _) in costs.items()} == {
        name: least for name, (_, least) in costs.items()
    }


def test_every_connector_that_sends_numbers_is_counted() -> None:
    ours = {one.name for one in available() if one.distribution == "syncworker"}

    assert {case.name for case in cases()} == ours - {"counter"}
