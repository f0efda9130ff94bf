"""A channel's call rings for a pull and does nothing else: verified, unverified, nonsense, too large, or of no channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from syncworker.connector import WebhookRefusedError, WebhookRequest
from syncworker.errors import ChannelMisconfiguredError
from syncworker.interfaces.web import hooks
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.schema import job, movement
from syncworker.sync.context import Context
from tests.simulation.test_beyond_the_declared import open_shop
from tests.simulation.world import World


class Hearing:
    """A channel that believes calls which carry the right word."""

    def __init__(self) -> None:
        self.heard: list[WebhookRequest] = []

    def hint(self, request: WebhookRequest) -> bool:
        self.heard.append(request)
        if request.headers.get("x-sign") != "right":
            raise WebhookRefusedError("wrong signature")
        if request.body == b"nonsense":
            raise KeyError("type")
        return request.body == b"order"

    def handshake(self, query: Mapping[str, str]) -> str:
        if query["token"] != "right":
            raise WebhookRefusedError("wrong token")
        return query["challenge"]


@pytest.fixture(scope="module")
def world() -> World:
    return open_shop()


@pytest.fixture
def channel() -> Hearing:
    return Hearing()


@pytest.fixture
def client(world: World, channel: Hearing) -> TestClient:
    return TestClient(hooks.create_app(_hearing(world, channel), public_url="https://shop.example/"))


def _hearing(world: World, channel: Hearing) -> Context:
    def open_channel(name: str) -> object:
        if name == "warung":
            return channel
        if name == "counter":
            return object()
        raise ChannelMisconfiguredError(f"no {name}")

    return replace(world.context, open_channel=open_channel)  # type: ignore[arg-type]  # only its hint is asked for


def due_at(world: World) -> datetime:
    with world.ledger.snapshot() as tx:
        query = sa.select(job.c.due_at).where(job.c.channel == "warung", job.c.kind == JobKind.PULL.value)
        moment: datetime = tx.execute(query).scalar_one()
        return moment


def between_polls(world: World) -> datetime:
    """Run until the next pull lies ahead; when it is due."""
    while due_at(world) <= world.clock.time:
        world.run_until(world.elapsed_s + 0.7)
    return due_at(world)


def movements(world: World) -> int:
    with world.ledger.snapshot() as tx:
        return int(tx.execute(sa.select(sa.func.count()).select_from(movement)).scalar_one())


def call(client: TestClient, body: bytes, sign: str = "right", channel: str = "warung") -> int:
    return client.post(f"/webhooks/{channel}", content=body, headers={"X-Sign": sign}).status_code


def test_a_verified_call_makes_the_pull_due_and_nothing_else(
    world: World, client: TestClient, channel: Hearing
) -> None:
    between_polls(world)
    booked = movements(world)

    assert [call(client, b"order") for _ in range(3)] == [200, 200, 200]

    assert due_at(world) <= world.clock.time
    assert movements(world) == booked
    assert channel.heard[0].url == "https://shop.example/webhooks/warung"


@pytest.mark.parametrize(
    ("body", "sign", "to", "status"),
    [
        (b"order", "wrong", "warung", 401),
        (b"nonsense", "right", "warung", 400),
        (b"chat", "right", "warung", 200),
        (b"order", "right", "counter", 404),
        (b"order", "right", "nobody", 404),
        (b"x" * (hooks.BODY_MAX_BYTES + 1), "right", "warung", 413),
    ],
)
def test_every_other_call_changes_nothing(
    world: World, client: TestClient, body: bytes, sign: str, to: str, status: int
) -> None:
    before = between_polls(world)

    assert call(client, body, sign, to) == status

    assert due_at(world) == before


def test_a_channel_that_tries_the_address_gets_its_own_words_back_as_plain_text(
    world: World, client: TestClient
) -> None:
    before, words = between_polls(world), "<b>1158201444</b>"

    answer = client.get("/webhooks/warung", params={"token": "right", "challenge": words})

    assert (answer.status_code, answer.text) == (200, words)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert due_at(world) == before


@pytest.mark.parametrize(
    ("to", "query", "status"),
    [
        ("warung", {"token": "wrong", "challenge": "1"}, 403),
        ("warung", {"token": "right"}, 400),
        ("warung", {}, 400),
        ("counter", {"token": "right", "challenge": "1"}, 404),
        ("nobody", {"token": "right", "challenge": "1"}, 404),
    ],
    ids=["wrong-token", "no-challenge", "nothing", "cannot", "unknown"],
)
def test_no_other_question_is_answered(
    client: TestClient, to: str, query: dict[str, str], status: int
) -> None:
    answer = client.get(f"/webhooks/{to}", params=query)

    assert (answer.status_code, answer.text) == (status, "")
