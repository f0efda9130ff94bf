"""Can a seller connect a marketplace with a file of their own, and a stranger with one line of Python?"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
import tomlkit

from syncworker.bootstrap import open_configured
from syncworker.connector import KeptToken
from syncworker.connector.declarative import manifest_connector
from syncworker.connector.registry import load
from syncworker.errors import ConfigurationError
from syncworker.settings.channels import Findings, read_channel
from syncworker.settings.writing import add_channel
from tests.connector.declarative.shops import URL, described


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my-shop.toml").write_text(tomlkit.dumps(described()))
    return tmp_path


RAW = {"connector": "./my-shop.toml", "settings": {"base_url": URL, "token": {"env": "SHOP_TOKEN"}}}


def test_a_channel_names_a_manifest_beside_its_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s3cret-token")
    monkeypatch.chdir("/")
    findings = Findings()

    channel = read_channel(folder / "channels.toml", "mine", RAW, findings)

    assert findings.problems == []
    assert channel is not None
    assert (channel.connector, channel.manifest) == ("small", folder / "my-shop.toml")
    assert open_configured(channel, KeptToken()).capabilities().feeds == ("orders",)


def test_a_channel_with_its_own_manifest_is_added_as_it_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s3cret-token")
    path = folder / "channels.toml"

    add_channel(path, "mine", "./my-shop.toml", {"base_url": URL, "token": {"env": "SHOP_TOKEN"}})

    assert 'connector = "./my-shop.toml"' in path.read_text()


def test_a_mistake_in_the_file_is_told_with_the_channel(folder: Path) -> None:
    (folder / "my-shop.toml").write_text(tomlkit.dumps(described(colour="red")))
    findings = Findings()

    assert read_channel(folder / "channels.toml", "mine", RAW, findings) is None

    assert any("channels.mine" in one and "colour: is unknown" in one for one in findings.problems)


def test_a_file_that_was_mended_is_read_again(folder: Path) -> None:
    path = folder / "my-shop.toml"
    path.write_text("nonsense")
    with pytest.raises(ConfigurationError):
        load(str(path))
    path.write_text(tomlkit.dumps(described()))

    assert load(str(path)).name == "small"


def test_a_distribution_of_anybody_brings_one_by_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "strangers_shop"
    package.mkdir()
    (package / "shop.toml").write_text(tomlkit.dumps(described()))
    (package / "__init__.py").write_text(
        "from syncworker.connector.declarative import manifest_connector\n"
        "connector = manifest_connector('shop.toml', package='strangers_shop')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    try:
        strangers_shop = importlib.import_module("strangers_shop")
    finally:
        sys.modules.pop("strangers_shop", None)

    assert strangers_shop.connector.name == manifest_connector(package / "shop.toml").name
