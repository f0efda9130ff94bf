"""What cannot work as processes of their own is refused before it starts."""

from dataclasses import replace

import pytest

from syncworker.bootstrap import App
from syncworker.errors import ConfigurationError
from syncworker.settings import Settings, load_settings
from syncworker.tasks import beat, worker
from syncworker.tasks.stopping import rate_storage


def test_a_worker_of_its_own_needs_a_broker_that_others_can_see(app: App) -> None:
    with pytest.raises(
        ConfigurationError, match=r"broker_url: found 'memory://'.*syncworker worker.*syncworker up"
    ):
        worker(app)


def test_beat_of_its_own_needs_a_broker_that_others_can_see(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="syncworker beat"):
        beat(settings)


def test_prefork_on_sqlite_is_refused(app: App) -> None:
    redis = load_settings(app.settings.folder, {"broker_url": "redis://127.0.0.1:1/0"})

    with pytest.raises(ConfigurationError, match=r"prefork.*PostgreSQL"):
        worker(replace(app, settings=redis), pool="prefork")


def test_rabbitmq_alone_cannot_count_calls_and_a_worker_says_so(app: App) -> None:
    rabbit = load_settings(app.settings.folder, {"broker_url": "amqp://127.0.0.1:1//"})

    with pytest.raises(ConfigurationError, match=r"rates_url: not set.*redis://.*process"):
        worker(replace(app, settings=rabbit))


def test_calls_are_counted_where_the_settings_say(settings: Settings) -> None:
    def rates(**given: object) -> str | None:
        return load_settings(settings.folder, given).rates

    redis = "redis://127.0.0.1:1/0"
    assert rates() is None
    assert rates(broker_url=redis) == redis
    assert rates(broker_url="amqp://127.0.0.1:1//", rates_url=redis) == redis
    assert rates(broker_url=redis, rates_url="process") is None


def test_request_rates_are_counted_in_the_same_redis() -> None:
    assert rate_storage("redis+socket:///run/redis.sock") == "redis+unix:///run/redis.sock"
    assert rate_storage("redis://host:6379/0") == "redis://host:6379/0"
