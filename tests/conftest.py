"""What every test may ask for: a Redis and a PostgreSQL of its own. Servers start only when first asked for."""

import gc
import signal
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from syncworker.ledger import Clock, Ledger
from tests.invariants import check_rule
from tests.scratch import write_into_memory
from tests.servers import PostgresServer, RedisServer
from tests.statements import share_compiled
from tests.told_incidents import watched

# Cores are shared with other tests, so how long one example took says nothing; a failure prints how to repeat it.
settings.register_profile(
    "syncworker", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("syncworker")
write_into_memory()
# Begun in the background of a shell, we would ignore Ctrl-C, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What the collection made stays to the end: the garbage collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis per test process; tests that stop or restart Redis start a :class:`RedisServer` of their own."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server: RedisServer) -> str:
    """The address of this process's Redis. Shared by tests: use keys of your own, or ``redis_server.flush()``."""
    return redis_server.url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL per test process, gone with its data at the end."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database that only this test has."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(autouse=True)
def the_rule_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every ledger of every test checks the rule before each commit."""
    opened = Ledger.__init__

    def watched(self: Ledger, engine: sa.Engine, clock: Clock | None = None) -> None:
        opened(self, engine, clock)
        share_compiled(engine)
        self.before_commit.append(check_rule)

    monkeypatch.setattr(Ledger, "__init__", watched)


@pytest.fixture(autouse=True)
def incidents_are_told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that docs/incidents.md names opens and closes what it is named for."""
    path = request.path.relative_to(request.config.rootpath).as_posix()
    name = getattr(request.node, "originalname", request.node.name)
    with watched(f"{path}::{name}", monkeypatch):
        yield
