"""A connector that raises anything at all while it is opened: nothing has left, so nothing stays raised."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncworker.connector import Channel
from syncworker.ledger import pools, pushes
from syncworker.sync.push import push_channel
from tests.simulation.test_beyond_the_declared import open_shop


@pytest.mark.parametrize("error", [ValueError("nonsense"), RecursionError(), KeyError("token")])
def test_what_could_not_be_sent_is_taken_back(error: Exception) -> None:
    world = open_shop()
    world.receive("BIN-BAMBU", 20)

    def broken(name: str) -> Channel:
        raise error

    report = push_channel(replace(world.context, open_channel=broken), "warung")

    with world.ledger.snapshot() as tx:
        (record,) = pools.of_channel(tx, "warung")
        assert pushes.unanswered(tx) == []
    assert report is not None
    assert report.unknown == 0
    assert record.bound.exposure == 6
