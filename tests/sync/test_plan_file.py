"""A plan on paper says what it is, comes back exactly as it was, and is refused with a sentence where it cannot be trusted."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from syncworker.core.allocator import plan as planned
from syncworker.errors import InputError
from syncworker.sync.plan_file import VERSION, PlanFile, PlannedItem, read, written
from tests.core.allocator_views import SET, Scene, pool, scenes


def plan_of(scene: Scene) -> PlanFile:
    decisions = planned(scene.parts, scene.pools)
    items = tuple(
        PlannedItem(
            channel=view.channel,
            sku=view.sku,
            pool_id=view.pool_id,
            push=decision.push,
            target=decision.target,
            reason=decision.reason.value,
            view=view,
            parts=scene.parts,
        )
        for view, decision in zip(scene.pools, decisions, strict=True)
        if decision.push is not None
    )
    return PlanFile(
        id="0192",
        installation=None,
        made_at=datetime(2026, 11, 24, 15, tzinfo=UTC),
        made_by="sari",
        channels=("tiktok",),
        skus=None,
        items=items,
        left_alone={"in_band": 3},
    )


PAPER = written(plan_of(Scene({}, (pool("tiktok", SET, 4),))))


@given(scenes())
def test_a_plan_comes_back_as_it_was_written(scene: Scene) -> None:
    plan = plan_of(scene)

    assert read(written(plan).encode(), name="plan.json") == plan


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(PAPER)
    change(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not a plan"),
        (b"\xff\xfe", "is not a plan"),
        (b"[" * 100_000, "is not a plan"),
        (PAPER[:-30].encode(), "is not a plan"),
        (b'{"kind": "order"}', "is not a plan"),
        (b'{"kind": "syncworker-plan"}', "is damaged: version"),
        (changed(lambda it: it["plan"].pop("made_by")), "is damaged: plan.made_by"),
        (changed(lambda it: it["plan"].update(items=[{"sku": 3}])), "is damaged: plan.items.0"),
        (changed(lambda it: it.update(extra=1)), "is damaged: extra"),
        (changed(lambda it: it.update(version=VERSION + 1)), "newer version of syncworker"),
        (changed(lambda it: it["plan"].update(made_by="budi")), "was changed after it was made"),
        (changed(lambda it: it["plan"]["left_alone"].update(in_band=2)), "was changed after it was made"),
    ],
)
def test_what_is_no_whole_plan_of_ours_is_refused_with_its_name_and_a_sentence(
    data: bytes, words: str
) -> None:
    with pytest.raises(InputError, match=r"^sunday\.json ") as refused:
        read(data, name="sunday.json")

    assert words in str(refused.value)
