"""An engine's configuration on SQLite with one counter, and the app built of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncworker.bootstrap import App, build, register_channels
from syncworker.settings import Settings, add_channel, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "config"
    add_channel(folder / "channels.toml", "stall", "counter", {})
    return load_settings(folder, {"tick_s": 0.2, "actor": "test"})


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    with build(settings) as app:
        register_channels(app)
        yield app
