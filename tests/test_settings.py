"""Where a setting comes from, and that every mistake is named at once."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from syncworker.core.model import Policy
from syncworker.errors import ConfigurationError, InputError
from syncworker.settings import Settings, add_channel, load_settings, require_shared_broker
from syncworker_marketplace import shipped

SHOP = {"base_url": "https://shop.example/v1", "token": {"env": "TOKO_TOKEN"}}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "TICK_S", "ACTOR", "DATABASE_URL", "BROKER_URL", "LANGUAGE"):
        monkeypatch.delenv(f"SYNCWORKER_{name}", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


def write(folder: Path, main: str = "", channels: str = "") -> None:
    (folder / "syncworker.toml").write_text(main, encoding="utf-8")
    (folder / "channels.toml").write_text(channels, encoding="utf-8")


def problems_of(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(folder)
    return "\n".join(caught.value.problems)


def marketplace(loaded: Settings, name: str) -> dict[str, object]:
    found = loaded.channels[name].settings
    assert isinstance(found, shipped("marketplace").settings)
    return dict(found)


# --- where it comes from -------------------------------------------------------------------------------------------


def test_without_any_file_there_are_defaults(folder: Path) -> None:
    loaded = load_settings(folder)

    assert loaded.database_url == f"sqlite:///{folder.parent}/syncworker.db"
    assert loaded.broker_url == "memory://"
    assert loaded.is_embedded
    assert (loaded.tick_s, loaded.concurrency, loaded.channels) == (2.0, 16, {})


def test_a_relative_database_stands_beside_the_folder_wherever_the_command_is_typed(folder: Path) -> None:
    write(folder, 'database_url = "sqlite:///data/stock.db"')

    assert load_settings(folder).database_url == f"sqlite:///{folder.parent}/data/stock.db"


def test_command_line_over_environment_over_file_over_default(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "tick_s = 3")
    assert load_settings(folder).tick_s == 3.0

    secret = tmp_path / "tick"
    secret.write_text("4\n")
    monkeypatch.setenv("SYNCWORKER_TICK_S_FILE", str(secret))
    assert load_settings(folder).tick_s == 4.0

    monkeypatch.delenv("SYNCWORKER_TICK_S_FILE")
    monkeypatch.setenv("SYNCWORKER_TICK_S", "4.5")
    assert load_settings(folder).tick_s == 4.5
    assert load_settings(folder, {"tick_s": 5, "actor": None}).tick_s == 5.0


def test_a_variable_and_its_file_together_are_a_mistake(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCWORKER_ACTOR", "sari")
    monkeypatch.setenv("SYNCWORKER_ACTOR_FILE", "/dev/null")

    assert problems_of(folder) == "SYNCWORKER_ACTOR and SYNCWORKER_ACTOR_FILE are both set; keep one of them"


def test_the_folder_may_be_named_by_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, 'actor = "sari"')
    monkeypatch.setenv("SYNCWORKER_CONFIG", str(folder))

    assert load_settings().actor == "sari"


def test_a_folder_that_was_named_must_exist(tmp_path: Path) -> None:
    assert "--config: the folder" in problems_of(tmp_path / "nowhere")
    assert "syncworker init" in problems_of(tmp_path / "nowhere")


def test_a_misspelled_variable_is_a_warning_that_says_what_was_meant(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCWORKER_DATABSE_URL", "sqlite:///x.db")

    (warning,) = load_settings(folder).warnings
    assert "did you mean 'SYNCWORKER_DATABASE_URL'?" in warning


def test_the_configuration_that_comes_with_the_repository_can_be_used() -> None:
    loaded = load_settings(Path(__file__).resolve().parent.parent / "config")

    assert (loaded.warnings, dict(loaded.channels)) == ((), {})


# --- channels and secrets ------------------------------------------------------------------------------------------


def test_a_channel_has_its_own_options_and_its_connectors_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKO_TOKEN", "s3cret-token")
    write(
        folder,
        channels="""
        [channels.toko]
        connector = "marketplace"
        location = "stall"
        policy = "shared"
        counts_open_orders = false
        allow_private_network = true
        [channels.toko.settings]
        base_url = "http://10.0.0.7/v1"
        token = { env = "TOKO_TOKEN" }
        """,
    )

    loaded = load_settings(folder)

    toko = loaded.channels["toko"]
    assert (toko.location, toko.policy, toko.counts_open_orders) == ("stall", Policy.SHARED, False)
    assert marketplace(loaded, "toko")["token"] == SecretStr("s3cret-token")
    assert marketplace(loaded, "toko")["allow_private_network"]
    assert loaded.secrets == ("s3cret-token",)
    assert loaded.warnings == ()


def test_no_secret_shows_when_settings_are_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKO_TOKEN", "s3cret-token")
    add_channel(folder / "channels.toml", "toko", "marketplace", SHOP)

    loaded = load_settings(folder, {"database_url": "postgresql://sari:hunter22@host/db"})

    assert "s3cret-token" not in repr(loaded)
    assert "hunter22" not in repr(loaded)
    assert set(loaded.secrets) == {"s3cret-token", "hunter22"}


def test_a_secret_can_stand_in_a_file_beside(folder: Path) -> None:
    (folder / "toko.token").write_text("from-a-file\n")
    add_channel(folder / "channels.toml", "toko", "marketplace", {**SHOP, "token": {"file": "toko.token"}})

    assert marketplace(load_settings(folder), "toko")["token"] == SecretStr("from-a-file")


def test_a_secret_in_the_file_itself_is_a_warning(folder: Path) -> None:
    add_channel(folder / "channels.toml", "toko", "marketplace", {**SHOP, "token": "plain-token"})

    (warning,) = load_settings(folder).warnings
    assert "channels.toko.settings.token: stands in the file itself" in warning
    assert "plain-token" not in warning


# --- mistakes ------------------------------------------------------------------------------------------------------


def test_every_mistake_of_both_files_and_the_environment_is_named_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCWORKER_LANGUAGE", "fr")
    write(
        folder,
        'tick_s = "fast"\nconcurency = 4\nbroker_url = "kafka://x"\n',
        """
        [channels.toko]
        connector = "marketplace"
        polcy = "shared"
        [channels.toko.settings]
        base_url = "ftp://shop.example"
        token = { env = "NOT_SET_ANYWHERE" }
        [channels.Stall]
        connector = "counter"
        [channels.web]
        connector = "markeplace"
        """,
    )

    told = problems_of(folder)

    main, channels = folder / "syncworker.toml", folder / "channels.toml"
    for expected in (
        f"{main}: tick_s: found 'fast', expected seconds between 0.1 and 60",
        f"{main}: 'concurency' is unknown; did you mean 'concurrency'?",
        f"{main}: broker_url: found 'kafka://x', expected memory:// or redis://",
        'SYNCWORKER_LANGUAGE: found \'fr\', expected "en" or "id"',
        f"{channels}: channels.toko: 'polcy' is unknown; did you mean 'policy'?",
        f"{channels}: channels.toko.settings: marketplace: base_url must look like https://",
        f"{channels}: channels.toko.settings.token: the environment variable NOT_SET_ANYWHERE is not set",
        f"{channels}: channels.Stall: found the name 'Stall', expected small letters",
        f"{channels}: channels.web: connector 'markeplace' is unknown; did you mean 'marketplace'?",
    ):
        assert expected in told


@pytest.mark.parametrize(
    ("main", "told"),
    [
        ("tick_s = true", "tick_s: found True"),
        ("tick_s = 0.01", "tick_s: found 0.01"),
        ("tick_s = nan", "tick_s: found nan"),
        ("concurrency = 1000", "expected a whole number between 2 and 28"),
        ("concurrency = 2.5", "concurrency: found 2.5"),
        ('database_url = "mysql://x"', "expected sqlite:///path/to/ledger.db or postgresql://"),
        ('database_url = "sqlite://"', "database_url: found 'sqlite://'"),
        ('database_url = "mysql://sari:hunter22@x"', "found an address with a password"),
        ('actor = ""', "actor: found ''"),
        ("tick_s = ", "is not valid TOML"),
        ("[tick_s]", "tick_s: found {}"),
    ],
)
def test_what_is_wrong_with_the_main_file_is_told_with_what_is_expected(
    folder: Path, main: str, told: str
) -> None:
    write(folder, main)

    assert told in problems_of(folder)
    assert "hunter22" not in problems_of(folder)


@pytest.mark.parametrize(
    ("channels", "told"),
    [
        ("channels = 3", "channels: found 3, expected tables [channels.NAME]"),
        ("[channel.a]", "'channel' is unknown; did you mean 'channels'?"),
        ("[channels]\na = 1", "channels.a: found 1, expected a table [channels.a]"),
        ("[channels.a]", "channels.a.connector: found nothing"),
        ('[channels.a]\nconnector = "counter"\nlocation = 4', "location: found 4"),
        ('[channels.a]\nconnector = "counter"\npolicy = "greedy"', 'expected "escrow" or "shared"'),
        ('[channels.a]\nconnector = "counter"\ncounts_open_orders = "no"', "expected true or false"),
        ('[channels.a]\nconnector = "counter"\nsettings = "x"', "expected a table [channels.a.settings]"),
        ('[channels.a]\nconnector = "counter"\nallow_private_network = true', "does not know it"),
        ('[channels.a]\nconnector = "counter"\n[channels.a.settings]\ntitel = "x"', "did you mean 'title'?"),
        (
            '[channels.a]\nconnector = "marketplace"\n[channels.a.settings]\ntoken = {env = ""}',
            "token.env: found ''",
        ),
        (
            '[channels.a]\nconnector = "marketplace"\n[channels.a.settings]\ntoken = {file = "no"}',
            "cannot be read",
        ),
        ('[channels.a]\nconnector = "marketplace"', "base_url: is missing"),
    ],
)
def test_what_is_wrong_with_a_channel_is_told_with_what_is_expected(
    folder: Path, channels: str, told: str
) -> None:
    write(folder, channels=channels)

    assert told in problems_of(folder)


def test_a_file_that_is_not_utf_8_is_told_with_the_byte(folder: Path) -> None:
    write(folder)
    (folder / "channels.toml").write_bytes(b"# caf\xe9\n")

    assert "is not UTF-8 (byte 5)" in problems_of(folder)


@given(main=st.text(max_size=60) | st.binary(max_size=40), channels=st.text(max_size=60))
@example(main="a=" + "[" * 5000, channels="")
@example(main="tick_s = " + "9" * 5000, channels="")
@example(main='broker_url = "redis://[x"', channels='[channels."a\\u0000"]\nconnector = "counter"')
@example(
    main="", channels='[channels.a]\nconnector = "marketplace"\n[channels.a.settings]\nbase_url = "http://[x"'
)
@example(
    main="",
    channels='[channels.a]\nconnector = "marketplace"\n[channels.a.settings]\ntoken = {file = "\\u0000"}',
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_gives_anything_but_settings_or_one_configuration_error(
    folder: Path, main: str | bytes, channels: str
) -> None:
    raw = main if isinstance(main, bytes) else main.encode("utf-8", "surrogatepass")
    (folder / "syncworker.toml").write_bytes(raw)
    (folder / "channels.toml").write_bytes(channels.encode("utf-8", "surrogatepass"))

    with suppress(ConfigurationError):
        load_settings(folder)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
TREES = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner)
)
KEYS = st.sampled_from(
    ["database_url", "broker_url", "language", "tick_s", "concurrency", "actor", "log_level"]
)


@given(overrides=st.dictionaries(KEYS, TREES, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_gives_anything_but_settings_or_one_configuration_error(
    folder: Path, overrides: dict[str, object]
) -> None:
    with suppress(ConfigurationError):
        load_settings(folder, overrides)


def test_a_broker_in_memory_cannot_be_shared(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="lives inside one process"):
        require_shared_broker(load_settings(folder), "worker")

    require_shared_broker(load_settings(folder, {"broker_url": "redis://localhost/0"}), "worker")


# --- adding a channel ----------------------------------------------------------------------------------------------


def test_a_channel_is_added_at_the_end_and_every_comment_stays(folder: Path) -> None:
    before = '# my shops\n\n[channels.stall] # Sundays\nconnector = "counter"\n'
    write(folder, channels=before)

    added = add_channel(folder / "channels.toml", "toko", "counter", {"title": "Toko", "location": "shop"})

    text = (folder / "channels.toml").read_text()
    assert text.startswith(before)
    assert tomllib.loads(text)["channels"]["toko"] == {
        "connector": "counter",
        "location": "shop",
        "settings": {"title": "Toko"},
    }
    assert load_settings(folder).channels["toko"] == added


def test_a_new_file_is_readable_by_its_owner_alone(folder: Path) -> None:
    add_channel(folder / "channels.toml", "stall", "counter", {})

    assert (folder / "channels.toml").stat().st_mode & 0o077 == 0


def test_a_taken_name_is_refused_and_nothing_is_written(folder: Path) -> None:
    add_channel(folder / "channels.toml", "stall", "counter", {})
    before = (folder / "channels.toml").read_bytes()

    with pytest.raises(InputError, match="'stall' stands in"):
        add_channel(folder / "channels.toml", "stall", "counter", {})

    assert (folder / "channels.toml").read_bytes() == before


def test_a_channel_with_mistakes_is_refused_with_all_of_them_and_nothing_is_written(folder: Path) -> None:
    values = {"base_url": "https://shop.example", "token": {"env": "NOT_SET_ANYWHERE"}, "batch_max": 0}

    with pytest.raises(ConfigurationError) as caught:
        add_channel(folder / "channels.toml", "toko", "marketplace", values)

    assert len(caught.value.problems) == 2
    assert not (folder / "channels.toml").exists()
