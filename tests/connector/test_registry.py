"""Does a broken plug-in harm anything but itself? Real distributions on a search path of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from syncworker.connector import Connector
from syncworker.connector.registry import available, load, validate
from syncworker.errors import ConfigurationError

GOOD = """
    from pydantic import BaseModel, ConfigDict
    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")
        key: str = ""
    class Good:
        name, contract, settings = "{name}", 1, Settings
        def open(self, account, settings, tokens): ...
    connector = Good()
"""

Install = Callable[[str, str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a distribution that offers one connector on the search path."""

    def put(distribution: str, name: str, source: str) -> None:
        root = tmp_path / distribution
        meta = root / f"{distribution}-1.2.dist-info"
        meta.mkdir(parents=True)
        module = f"plugin_{tmp_path.name}_{distribution}".replace("-", "_")
        (meta / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (meta / "entry_points.txt").write_text(f"[syncworker.connectors]\n{name} = {module}:connector\n")
        (root / f"{module}.py").write_text(dedent(source).replace("{name}", name))
        monkeypatch.syspath_prepend(str(root))

    return put


def problem(name: str) -> str:
    (found,) = {one.problem for one in available() if one.name == name}
    assert found is not None
    return found


def test_the_built_in_connectors_are_plugins_like_any_other() -> None:
    found = {one.name: one for one in available()}

    assert {"marketplace", "counter"} <= set(found)
    assert found["counter"].distribution == "syncworker"
    assert found["counter"].problem is None


def test_a_strangers_connector_is_found_with_its_origin(install: Install) -> None:
    install("toko-plugin", "toko", GOOD)

    (toko,) = [one for one in available() if one.name == "toko"]

    assert (toko.distribution, toko.version, toko.problem) == ("toko-plugin", "1.2", None)
    assert isinstance(load("toko"), Connector)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("from pydantic", "raise RuntimeError('boom')\nfrom pydantic"), "RuntimeError: boom"),
        (("from pydantic", "import nowhere_to_be_found\nfrom pydantic"), "ModuleNotFoundError"),
        (("from pydantic", "import sys; sys.exit(1)\nfrom pydantic"), "SystemExit"),
        (("from pydantic", "def\nfrom pydantic"), "SyntaxError"),
        (("connector = Good()", "connectors = Good()"), "AttributeError"),
        (("connector = Good()", "connector = Good"), "names a class"),
        (("connector = Good()", "connector = None"), "contract None"),
        (('"{name}", 1', '"{name}", 99'), "contract 99"),
        (('"{name}", 1', '"other", 1'), "calls itself 'other'"),
        (("def open", "def opening"), "open(account, settings)"),
        ((", Settings\n", ", dict\n"), "not a pydantic model"),
        (('extra="forbid"', 'extra="ignore"'), "unknown keys"),
    ],
)
def test_a_broken_plugin_is_listed_with_its_reason_and_stops_nobody(
    install: Install, change: tuple[str, str], reason: str
) -> None:
    install("broken", "broken", dedent(GOOD).replace(*change))
    install("sound", "sound", GOOD)

    assert reason in problem("broken")
    assert load("sound").name == "sound"
    with pytest.raises(ConfigurationError, match="cannot be used"):
        load("broken")


def test_of_two_plugins_with_one_name_neither_is_used(install: Install) -> None:
    install("first", "toko", GOOD)
    install("second", "toko", GOOD)

    assert "first 1.2 and second 1.2" in problem("toko")
    with pytest.raises(ConfigurationError, match="uninstall all but one"):
        load("toko")


def test_an_unknown_name_is_answered_with_what_there_is() -> None:
    with pytest.raises(
        ConfigurationError, match=r"did you mean 'marketplace'\? there are: channelengine, counter, "
    ):
        load("marketplaces")


def test_every_mistake_of_the_settings_is_named_at_once_and_no_value_of_them() -> None:
    raw = {"base_ur": "https://3f9a", "token": "3f9a 3f9a", "horizon_s": -3.9, "quantity_mode": "3f9a"}

    with pytest.raises(ConfigurationError) as raised:
        validate(load("marketplace"), raw)

    found = "\n".join(raised.value.problems)
    for part in (
        "base_url: is missing",
        "token: must be",
        "horizon_s: must be",
        "quantity_mode: must be",
        "'base_ur' is unknown",
    ):
        assert part in found
    assert "3f9a" not in found
    assert raised.value.__context__ is None


def test_sound_settings_are_returned() -> None:
    settings = validate(load("counter"), {"title": "Pasar Minggu"})

    assert settings.model_dump() == {"title": "Pasar Minggu"}
