"""Do the servers that other tests lean on behave as they promise?"""

import contextlib
from pathlib import Path

import psycopg
import pytest
import redis
import sqlalchemy

from tests.servers import PostgresServer, RedisServer, free_port
from tests.waiting import NeverHappenedError, await_condition


def test_redis_answers_at_its_url(redis_url: str) -> None:
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        assert client.ping()
        assert client.info("memory")["maxmemory_policy"] == "noeviction"


def test_an_appendonly_redis_keeps_its_data_over_a_kill(tmp_path: Path) -> None:
    with RedisServer(tmp_path, appendonly=True) as server:
        first = server.pid
        with contextlib.closing(server.client()) as client:
            client.set("stock", "36")

        server.restart(kill=True)

        with contextlib.closing(server.client()) as client:
            assert client.get("stock") == b"36"
        assert server.pid != first


def test_a_redis_without_it_forgets_and_a_flush_forgets_too(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        with contextlib.closing(server.client()) as client:
            client.set("stock", "36")
        server.restart()
        with contextlib.closing(server.client()) as client:
            assert client.get("stock") is None
            client.set("stock", "36")
            server.flush()
            assert client.get("stock") is None


def test_a_stopped_redis_is_gone(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    server.stop()
    server.stop()

    with contextlib.closing(server.client()) as client, pytest.raises(redis.ConnectionError):
        client.ping()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.pid


def test_postgres_answers_and_syncs_to_disk(postgres_url: str) -> None:
    engine = sqlalchemy.create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SELECT 1")) == 1
        assert connection.scalar(sqlalchemy.text("SHOW fsync")) == "on"
        assert connection.scalar(sqlalchemy.text("SHOW synchronous_commit")) == "on"
        assert connection.scalar(sqlalchemy.text("SHOW server_encoding")) == "UTF8"
    engine.dispose()


def test_each_database_is_its_own_and_a_template_is_copied(postgres_server: PostgresServer) -> None:
    template = postgres_server.create()
    with contextlib.closing(_connect(postgres_server.url(template))) as session:
        session.execute("CREATE TABLE stock AS SELECT 36 AS on_hand")
        session.commit()

    with postgres_server.database(template=template) as copy, postgres_server.database() as empty:
        with contextlib.closing(_connect(copy)) as session:
            assert session.execute("SELECT on_hand FROM stock").fetchone() == (36,)
        with contextlib.closing(_connect(empty)) as session:
            assert session.execute("SELECT to_regclass('stock')").fetchone() == (None,)
    postgres_server.drop(template)


def test_waiting_gives_the_answer_or_says_what_it_waited_for() -> None:
    answers = iter([0, 0, 7])

    assert await_condition(lambda: next(answers), 5, "a seven") == 7
    with pytest.raises(NeverHappenedError, match=r"the moon.*False"):
        await_condition(lambda: False, 0.05, "the moon")


def test_a_free_port_can_be_bound() -> None:
    assert 1024 <= free_port() <= 65535


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", ""))
