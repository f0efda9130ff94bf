"""A sandbox process says when it is ready, ends when told, and never stays behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from syncworker.sandbox.history import read_log
from syncworker.sandbox.process import SandboxDiedError, start_sandbox
from syncworker.sandbox.setup import builtin_shops, load_shops, write_shops
from tests.waiting import await_condition

COMMAND = [sys.executable, "-m", "syncworker.sandbox"]


def alive(pid: int) -> bool:
    """Whether a process of that id still runs (a zombie does not)."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_also_while_a_caller_is_kept_waiting(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--seed", "3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout is not None
        card = json.loads(process.stdout.readline())
        assert set(card["shops"]) == {"warung", "pasar", "toko"}
        with socket.create_connection(
            ("127.0.0.1", int(card["base_url"].rsplit(":", 1)[1])), timeout=5
        ) as line:
            fault = json.dumps({"faults": [{"kind": "delay", "seconds": 60}]})
            head = f"POST /control/toko/faults HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(fault)}\r\n\r\n"
            line.sendall((head + fault).encode())
            assert b"200 OK" in line.recv(4096)
            line.sendall(b"GET /toko/v1/shop HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-toko\r\n\r\n")

            process.send_signal(number)

            said = process.communicate(timeout=10)[1]
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, said) == (0, b"")


def test_it_is_gone_when_the_block_ends_also_by_an_error() -> None:
    pids: list[int] = []

    def fail_inside() -> None:
        with start_sandbox() as sandbox:
            pids.append(sandbox.pid)
            raise RuntimeError(f"alive: {alive(sandbox.pid)}")

    with pytest.raises(RuntimeError, match="alive: True"):
        fail_inside()
    assert [alive(pid) for pid in pids] == [False]


def test_it_does_not_outlive_the_process_that_started_it() -> None:
    parent_code = (
        "import os, sys\n"
        "from syncworker.sandbox.process import start_sandbox\n"
        "with start_sandbox() as s:\n"
        "    print(s.pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
    finally:
        parent.kill()
        parent.communicate()

    await_condition(lambda: not alive(pid), 10, "the sandbox to end with its parent")


def test_each_shop_writes_its_log_as_it_goes(tmp_path: Path) -> None:
    with start_sandbox(log_dir=tmp_path) as sandbox:
        sandbox.shops["toko"].control.buy("UKIRAN-01")

        events = read_log(tmp_path / "toko.jsonl")

        assert events == sandbox.shops["toko"].control.log()
        assert events[-1]["kind"] == "turned_away"


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SandboxDiedError, match=r"sandbox: .*in use"), start_sandbox(port=port):
            pass


def test_a_shops_file_is_read_back_as_it_was_written_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "shops.json"
    write_shops(path, builtin_shops())

    assert load_shops(path) == builtin_shops()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("document", "mistake"),
    [
        ("{", "not JSON"),
        ("[]", "list under 'shops'"),
        ('{"shops": [{"token": "t"}]}', "profile"),
        ('{"shops": [{"token": "t", "profile": {"name": "A B"}}]}', "name is 1 to 40"),
        ('{"shops": [{"token": "t", "profile": {"name": "a", "lag": 1}}]}', "lag"),
        ('{"shops": [{"token": "t", "profile": {"name": "a", "floor": "1"}}]}', "floor"),
        ('{"shops": [{"token": "", "profile": {"name": "a"}}]}', "token"),
    ],
)
def test_a_bad_shops_file_is_refused_with_its_mistake(tmp_path: Path, document: str, mistake: str) -> None:
    path = tmp_path / "shops.json"
    path.write_text(document)

    with pytest.raises(ValueError, match=mistake):
        load_shops(path)


def test_the_command_says_a_mistake_in_one_line_and_exits_with_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--shops", str(tmp_path / "none.json")], capture_output=True, timeout=30, check=False
    )

    assert done.returncode == 2
    assert done.stderr.startswith(b"sandbox: ")
    assert done.stderr.count(b"\n") == 1
