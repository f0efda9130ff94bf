"""A page that stays true while somebody looks, a shell that knows our names, bars only where somebody sees them."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from syncworker.interfaces.cli.completing import names
from syncworker.interfaces.cli.completion import SHELLS, VARIABLE
from tests.interfaces.conftest import Shop
from tests.waiting import await_condition

PROGRAM = [sys.executable, "-c", "from syncworker.interfaces.cli import main; main()"]
#: For a process to start on a busy machine.
SOON_S = 60.0


def _command(shop: Shop, *args: str) -> list[str]:
    return [*PROGRAM, *args, "--config", str(shop.folder)]


@contextmanager
def _started(command: list[str], **streams: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, **streams)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def _read(handle: int, seen: bytearray) -> None:
    """Whatever is there by now; a terminal that is closed has nothing more to say."""
    with suppress(OSError, BlockingIOError):
        seen += os.read(handle, 65_536)


def test_without_a_terminal_each_look_is_printed_until_it_is_stopped(stocked: Shop, tmp_path: Path) -> None:
    printed = tmp_path / "printed"
    with printed.open("wb") as out:
        command = _command(stocked, "status", "--watch", "--every", "0.2")
        with _started(command, stdout=out.fileno(), stderr=subprocess.PIPE) as process:
            await_condition(lambda: printed.read_text().count("Stock:") >= 3, SOON_S, "three looks")
            process.send_signal(signal.SIGINT)
            _out, said = process.communicate(timeout=SOON_S)

    assert process.returncode == 130
    assert said.decode().strip() == "Stopped."
    assert "\x1b" not in printed.read_text()


def test_with_json_each_look_is_a_document(stocked: Shop, tmp_path: Path) -> None:
    printed = tmp_path / "printed"
    with printed.open("wb") as out:
        command = _command(stocked, "status", "--watch", "--every", "0.2", "--json")
        with _started(command, stdout=out.fileno(), stderr=subprocess.DEVNULL):
            await_condition(lambda: printed.read_text().count("\n}\n") >= 2, SOON_S, "two documents")

    first, end = json.JSONDecoder().raw_decode(printed.read_text())
    second, _end = json.JSONDecoder().raw_decode(printed.read_text()[end:].lstrip())
    assert first["at"] < second["at"]
    assert first["stock"] == second["stock"]


def test_on_a_terminal_the_page_is_drawn_anew_and_ctrl_c_leaves_it_there(stocked: Shop) -> None:
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    seen = bytearray()
    command = _command(stocked, "status", "--watch", "--every", "0.2")
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    try:

        def has_looked() -> bool:
            _read(master, seen)
            return seen.count(b"Stock:") >= 2

        await_condition(has_looked, SOON_S, "two looks")
        process.send_signal(signal.SIGINT)

        def has_ended() -> bool:
            _read(master, seen)
            return process.poll() is not None

        await_condition(has_ended, SOON_S, "the end")
        _read(master, seen)
    finally:
        process.kill()
        process.wait()
        os.close(master)

    assert process.returncode == 130
    entered, left = seen.index(b"\x1b[?1049h"), seen.rindex(b"\x1b[?1049l")
    assert entered < left
    assert b"Stock:" in seen[left:]
    assert b"Traceback" not in seen


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_is_given_what_it_has_to_read(shop: Shop, shell: str) -> None:
    document = shop.json("completion", shell)

    assert document["shell"] == shell
    assert f"{VARIABLE}={shell}_complete" in str(document["script"])


def _completed(shop: Shop, line: str) -> list[str]:
    """What bash is offered for the last word of the line."""
    words = line.split(" ")
    environment = {
        **os.environ,
        VARIABLE: "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "SYNCWORKER_CONFIG": str(shop.folder),
    }
    done = subprocess.run(PROGRAM, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [one.partition(",")[2] for one in done.stdout.splitlines()]


def test_a_shell_completes_commands_skus_and_channels(stocked: Shop) -> None:
    assert _completed(stocked, "syncworker stock hi") == ["history"]
    assert _completed(stocked, "syncworker stock history BIN") == ["BIN-BAMBU"]
    assert _completed(stocked, "syncworker channel show co") == ["counter"]


def test_names_are_those_that_begin_so_and_none_of_a_ledger_that_is_not_there(
    stocked: Shop, shop: Shop
) -> None:
    assert names(stocked.folder, "sku", "") == ["BIN-BAMBU", "PENGKI-BAMBU", "SET-BERSIH", "UKIRAN-01"]
    assert names(stocked.folder, "sku", "U") == ["UKIRAN-01"]
    assert names(stocked.folder, "sku", "%") == []
    assert names(stocked.folder, "channel", "c") == ["counter"]
    assert names(stocked.folder, "pool", "co") == ["counter/"]
    assert names(stocked.folder, "pool", "counter/S") == ["counter/SET-BERSIH"]
    assert names(shop.folder, "sku", "") == []
    assert not shop.database.exists()


def test_completing_loads_no_engine(stocked: Shop) -> None:
    code = (
        "import sys; from pathlib import Path; from syncworker.interfaces.cli.root import load; load('stock')\n"
        "from syncworker.interfaces.cli.completing import names\n"
        f"assert names(Path({str(stocked.folder)!r}), 'sku', 'BIN') == ['BIN-BAMBU']\n"
        "print([name for name in ('sqlalchemy', 'pydantic', 'celery', 'babel', 'requests') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_bar_is_drawn_on_a_terminal_alone(stocked: Shop, tmp_path: Path) -> None:
    result = stocked.run("stock", "export", str(tmp_path / "counts.csv"))

    assert (result.exit_code, result.stderr) == (0, "")


def test_the_database_is_checked_and_a_backup_brought_back(stocked: Shop, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    document = stocked.json("db", "check")
    assert document["ok"] is True
    stocked.ok("db", "backup", str(copy))
    assert "is a sound backup" in stocked.ok("db", "check", str(copy))
    stocked.ok("stock", "adjust", "BIN-BAMBU", "5", "--reason", "found")

    assert "Nobody can answer here" in stocked.refused("db", "restore", str(copy))
    restored = stocked.json("db", "restore", str(copy), "--yes")

    assert restored["was_damaged"] is False
    assert Path(str(restored["kept"])).exists()
    stock = stocked.json("stock", "show", "BIN-BAMBU")["stock"]
    assert isinstance(stock, list)
    assert stock[0]["on_hand"] == 36
    audit = stocked.json("audit", "list")["audit"]
    assert isinstance(audit, list)
    assert audit[0]["command"] == "db restore"
    assert "a backup was restored" in stocked.ok("incident", "list")
    assert "The books add up" in stocked.ok("db", "check")


def test_what_is_no_backup_is_refused_and_said(stocked: Shop) -> None:
    file = stocked.folder / "catalogue.csv"

    assert "is no database" in stocked.refused("db", "restore", str(file), "--yes")
    document = stocked.json("db", "check", str(file), code=4)
    assert document["ok"] is False
    assert "bukan basis data" in stocked.refused("db", "restore", str(file), "--yes", "--lang", "id")


def test_damage_is_told_with_the_way_back(stocked: Shop) -> None:
    for part in stocked.database.parent.glob("syncworker.db-*"):
        part.unlink()
    content = stocked.database.read_bytes()
    stocked.database.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))

    result = stocked.run("db", "check")

    assert result.exit_code == 4
    assert "syncworker db restore FILE" in result.stdout


def test_an_older_state_is_not_declared_while_a_worker_is_at_it(stocked: Shop) -> None:
    from syncworker.ledger import jobs
    from syncworker.ledger.jobs import JobKind

    ledger = stocked.ledger()
    lease = ledger.run(lambda tx: jobs.claim(tx, "counter", JobKind.PUSH, token="worker", seconds=60.0))
    assert lease is not None

    assert "A worker is at counter" in stocked.refused("db", "restore", "--yes", code=6)
    ledger.run(lambda tx: jobs.release(tx, lease))
    ledger.close()
    assert stocked.json("db", "restore", "--yes") == {"unknown": 0}
