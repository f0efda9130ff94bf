"""From which place does each setting come, and is all of it usable? One load, one error that names every mistake.

Opens no database and contacts no broker.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from syncworker.core.model import MAX_QUANTITY, Policy, PolicyChoice
from syncworker.errors import ConfigurationError
from syncworker.settings.channels import USUAL_POLICY, ChannelSettings, Findings, read_channels
from syncworker.settings.reading import read_table, read_text, shown, unknown_key

MAIN_FILE = "syncworker.toml"
CHANNELS_FILE = "channels.toml"
PREFIX = "SYNCWORKER_"
#: Names the configuration folder; it is no setting of a file.
CONFIG_VARIABLE = "SYNCWORKER_CONFIG"
DEFAULT_FOLDER = Path("config")
#: A broker inside one process, and those that many can share.
MEMORY_BROKER = "memory://"
REDIS = ("redis", "rediss", "redis+socket")
RABBITMQ = ("amqp", "amqps")
#: Where calls are counted by each process for itself.
OWN_COUNT = "process"
#: Rows younger than this may still be needed to tell what a channel shows.
KEEP_AT_LEAST_DAYS = 7
#: Each task holds one of the ledger's connections at most; a few are left for whoever looks on.
MOST_TASKS = 28

_DAYS = f"a whole number of days, {KEEP_AT_LEAST_DAYS} or more"
#: What each key wants, in words.
EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "database_url": "sqlite:///path/to/ledger.db or postgresql://user:password@host/database",
        "broker_url": "memory:// or redis://host:6379/0 or amqp://user:password@host:5672/",
        "rates_url": f'redis://host:6379/1 or "{OWN_COUNT}"',
        "metrics_port": "a port between 1 and 65535, for instance 9188",
        "metrics_host": "an address of this computer, for instance 127.0.0.1",
        "keep_runs_days": _DAYS,
        "keep_incidents_days": _DAYS,
        "keep_audit_days": _DAYS,
        "keep_traffic_days": _DAYS,
        "language": '"en" or "id"',
        "log_level": '"debug", "info", "warning" or "error"',
        "log_format": '"auto", "console" or "json"',
        "tick_s": "seconds between 0.1 and 60, for instance 2",
        "concurrency": f"a whole number between 2 and {MOST_TASKS}",
        "actor": "a name of 1 to 64 characters",
        "policy": '"escrow" or "shared"',
        "escrow_below": "a whole number of units, 1 or more",
        "token_key": "a key as `syncworker db key` makes it",
    }
)


def _no_flag(value: object) -> object:
    """``true`` is no number, though Python thinks so."""
    if isinstance(value, bool):
        raise ValueError("a flag is no number")  # noqa: TRY004 - pydantic wants a ValueError
    return value


def _is_database(url: str) -> str:
    scheme, found, rest = url.partition("://")
    backend = scheme.partition("+")[0]
    if not found or backend not in {"sqlite", "postgresql", "postgres"}:
        raise ValueError("not an address of a database")
    if backend == "sqlite" and rest.lstrip("/") in {"", ":memory:"}:
        raise ValueError("a ledger in memory would forget everything")
    return url


def _is_broker(url: str) -> str:
    if url == MEMORY_BROKER:
        return url
    parts = urlsplit(url)
    is_somewhere = bool(parts.hostname) or (parts.scheme == "redis+socket" and bool(parts.path))
    if parts.scheme not in (*REDIS, *RABBITMQ) or not is_somewhere:
        raise ValueError("not an address of a broker")
    return url


def _counts_calls(url: str) -> str:
    if url != OWN_COUNT and urlsplit(_is_broker(url)).scheme not in REDIS:
        raise ValueError("not an address of a Redis")
    return url


def _login() -> str:
    """Whoever runs this, for the record of who changed what."""
    try:
        return getpass.getuser()[:64]
    except (OSError, KeyError, ImportError):
        return "operator"


@dataclass(frozen=True, slots=True)
class _Layer:
    """Settings from one place; ``names`` says for each key how a person wrote it there."""

    values: Mapping[str, object]
    names: Mapping[str, str]


Days = Annotated[int, BeforeValidator(_no_flag), Field(ge=KEEP_AT_LEAST_DAYS, le=36_500)]


class _LayerSource(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], layer: _Layer) -> None:
        super().__init__(settings_cls)
        self._layer = layer

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - its contract
        return self._layer.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return dict(self._layer.values)


class _Main(BaseSettings):
    """The keys of ``syncworker.toml``."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    database_url: Annotated[str, AfterValidator(_is_database)]
    broker_url: Annotated[str, AfterValidator(_is_broker)] = MEMORY_BROKER
    language: Literal["en", "id"] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"
    tick_s: Annotated[float, BeforeValidator(_no_flag), Field(ge=0.1, le=60, allow_inf_nan=False)] = 2.0
    concurrency: Annotated[int, BeforeValidator(_no_flag), Field(ge=2, le=MOST_TASKS)] = 16
    actor: Annotated[str, Field(min_length=1, max_length=64)] = Field(default_factory=_login)
    token_key: SecretStr | None = None
    rates_url: Annotated[str, AfterValidator(_counts_calls)] | None = None
    metrics_port: Annotated[int, BeforeValidator(_no_flag), Field(ge=1, le=65_535)] | None = None
    metrics_host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    keep_runs_days: Days = 365
    keep_incidents_days: Days = 365
    keep_audit_days: Days = 730
    keep_traffic_days: Days = 90
    policy: Policy = Policy.ESCROW
    escrow_below: Annotated[int, BeforeValidator(_no_flag), Field(ge=1, le=MAX_QUANTITY)] | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - our layers name where a value stands
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        layers = init_settings.init_kwargs["layers"] if isinstance(init_settings, InitSettingsSource) else ()
        return tuple(_LayerSource(settings_cls, layer) for layer in layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that is configured, checked; handed to ``bootstrap.build``."""

    #: The configuration folder, absolute.
    folder: Path
    database_url: str = field(repr=False)
    broker_url: str = field(default=MEMORY_BROKER, repr=False)
    #: ``None``: the person's own locale decides.
    language: str | None = None
    log_level: str = "info"
    log_format: str = "auto"
    #: Seconds between two ticks.
    tick_s: float = 2.0
    #: Tasks at a time in one worker.
    concurrency: int = 16
    #: Who is recorded as having done what is typed in.
    actor: str = "operator"
    #: The Redis that counts calls for all workers, or ``process``; ``None``: the broker, where it is a Redis.
    rates_url: str | None = field(default=None, repr=False)
    #: Where Prometheus may ask; ``None``: nowhere.
    metrics_port: int | None = None
    metrics_host: str = "127.0.0.1"
    #: How long what is over stays in the ledger; movements and orders stay for ever.
    keep_runs_days: int = 365
    keep_incidents_days: int = 365
    keep_audit_days: int = 730
    keep_traffic_days: int = 90
    #: Seals the tokens of connected accounts; ``None``: a file beside the ledger holds it.
    token_key: SecretStr | None = field(default=None, repr=False)
    #: What holds where neither a channel nor a SKU says anything.
    policy: Policy = Policy.ESCROW
    escrow_below: int | None = None
    channels: Mapping[str, ChannelSettings] = field(default_factory=dict)
    #: What could be better, one sentence each.
    warnings: tuple[str, ...] = ()
    #: Values that no log may show.
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def main_file(self) -> Path:
        """Where ``syncworker.toml`` is, or would be."""
        return self.folder / MAIN_FILE

    @property
    def channels_file(self) -> Path:
        """Where ``channels.toml`` is, or would be."""
        return self.folder / CHANNELS_FILE

    @property
    def is_embedded(self) -> bool:
        """Whether the broker lives inside one process."""
        return self.broker_url == MEMORY_BROKER

    @property
    def is_rabbitmq(self) -> bool:
        """Whether the broker is a RabbitMQ."""
        return urlsplit(self.broker_url).scheme in RABBITMQ

    @property
    def rates(self) -> str | None:
        """The Redis that counts calls for all workers; ``None``: each process for itself."""
        if self.rates_url is not None:
            return None if self.rates_url == OWN_COUNT else self.rates_url
        return None if self.is_embedded or self.is_rabbitmq else self.broker_url


def load_settings(config: Path | None = None, overrides: Mapping[str, object] | None = None) -> Settings:
    """Read and check everything: ``overrides`` (keys as in the file; ``None`` counts as not given), then the
    environment, then the files of folder ``config`` (else ``SYNCWORKER_CONFIG``, else ``./config``), then defaults.

    Raises one ConfigurationError that names every mistake of both files and of the environment. A missing file is an
    empty one, but a folder that was named must exist. The default database is ``syncworker.db`` beside the folder.
    """
    findings = Findings()
    folder = _folder(config, findings)
    main = _main(folder, overrides or {}, findings)
    default = _default_policy(main, findings)
    channels_file = folder / CHANNELS_FILE
    channels = read_channels(channels_file, read_table(channels_file, findings.problems), findings, default)
    if main is None or findings.problems:
        raise ConfigurationError(findings.problems)
    findings.secrets.update(_passwords([main.database_url, main.broker_url, main.rates_url or ""]))
    if main.token_key is not None:
        findings.secrets.update(main.token_key.get_secret_value().split(","))
    values = main.model_dump()
    values["database_url"] = _absolute(main.database_url, folder.parent)
    return Settings(
        folder=folder,
        channels=MappingProxyType(channels),
        warnings=tuple(findings.warnings),
        secrets=tuple(sorted(findings.secrets)),
        **values,
    )


def _default_policy(main: _Main | None, findings: Findings) -> PolicyChoice:
    """What holds where a channel says nothing."""
    if main is None:
        return USUAL_POLICY
    if main.escrow_below is not None and main.policy is not Policy.SHARED:
        findings.problems.append(
            'escrow_below: counts only with policy = "shared"; take it away, or set the policy'
        )
    return PolicyChoice(main.policy, main.escrow_below)


def require_shared_broker(settings: Settings, command: str) -> None:
    """Refuse to run ``command`` (worker or beat) as a process of its own on a broker that only one process can see."""
    if settings.is_embedded:
        problem = (
            f"broker_url: found {MEMORY_BROKER!r}, which lives inside one process, but `syncworker {command}` is a"
            " process of its own: set broker_url to a Redis address such as redis://127.0.0.1:6379/0,"
            " or run all in one process with `syncworker up`"
        )
        raise ConfigurationError([problem])


def require_counted_calls(settings: Settings) -> None:
    """Refuse a worker that would not know what the others have asked of a channel: RabbitMQ can count no calls."""
    if settings.is_rabbitmq and settings.rates_url is None:
        raise ConfigurationError(
            [
                (
                    "rates_url: not set, and RabbitMQ cannot count what all workers together ask of a channel: set it to"
                    ' a Redis such as redis://127.0.0.1:6379/1, or to "process" if one worker alone works on each channel'
                )
            ]
        )


def _folder(config: Path | None, findings: Findings) -> Path:
    named = config or os.environ.get(CONFIG_VARIABLE) or None
    folder = Path(named or DEFAULT_FOLDER).absolute()
    if named is not None and not folder.is_dir():
        who = "--config" if config is not None else CONFIG_VARIABLE
        findings.problems.append(
            f"{who}: the folder {folder} is not there; `syncworker init` makes one with examples"
        )
    return folder


def _main(folder: Path, overrides: Mapping[str, object], findings: Findings) -> _Main | None:
    path = folder / MAIN_FILE
    keys = list(_Main.model_fields)
    given = {key: value for key, value in overrides.items() if value is not None}
    table = read_table(path, findings.problems)
    findings.problems += [unknown_key(str(path), key, keys) for key in table if key not in keys]
    layers = [
        _Layer(given, {key: f"--{key.replace('_', '-')}" for key in given}),
        *_from_environment(keys, findings),
        _Layer({key: table[key] for key in keys if key in table}, {key: f"{path}: {key}" for key in table}),
        _Layer({"database_url": "sqlite:///syncworker.db"}, {}),
    ]
    findings.warnings += _strange_variables(keys)
    try:
        return _Main(layers=layers)  # type: ignore[call-arg]  # taken out again by settings_customise_sources
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_context=False)
        keyed = {str(mistake["loc"][0]): mistake["input"] for mistake in mistakes if mistake["loc"]}
    for key, value in keyed.items():
        where = next((layer.names[key] for layer in layers if key in layer.values), key)
        findings.problems.append(f"{where}: found {shown(value)}, expected {EXPECTED.get(key, 'nothing')}")
    return None


def _from_environment(keys: Iterable[str], findings: Findings) -> tuple[_Layer, _Layer]:
    """``SYNCWORKER_KEY`` and ``SYNCWORKER_KEY_FILE``; empty ones count as not set."""
    plain: dict[str, object] = {}
    filed: dict[str, object] = {}
    for key in keys:
        name = f"{PREFIX}{key.upper()}"
        value, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
        if value and file:
            findings.problems.append(f"{name} and {name}_FILE are both set; keep one of them")
        elif value:
            plain[key] = value
        elif file:
            text = read_text(Path(file), f"{name}_FILE", findings.problems)
            if text is not None:
                filed[key] = text.strip()
    return (
        _Layer(plain, {key: f"{PREFIX}{key.upper()}" for key in plain}),
        _Layer(filed, {key: f"{PREFIX}{key.upper()}_FILE" for key in filed}),
    )


def _strange_variables(keys: Iterable[str]) -> list[str]:
    """A misspelled variable is not an error, for others may use the prefix too, but a person should hear of it."""
    names = [f"{PREFIX}{key.upper()}" for key in keys]
    known = {CONFIG_VARIABLE, *names, *(f"{name}_FILE" for name in names)}
    strange = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    return [unknown_key("environment", name, [*names, CONFIG_VARIABLE]) for name in strange]


def _passwords(urls: Iterable[str]) -> list[str]:
    found = [urlsplit(url).password for url in urls if "@" in url]
    return [text for password in found if password for text in {password, unquote(password)}]


def _absolute(url: str, beside: Path) -> str:
    """An SQLite file with a relative path stands beside the configuration folder, wherever the command was typed."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith(f"{prefix}/"):
        return url
    return f"{prefix}{beside / url.removeprefix(prefix)}"
