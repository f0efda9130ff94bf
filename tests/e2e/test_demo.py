"""What a newcomer sees first: the real command, real shops in processes of their own, real Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import await_condition

SYNCWORKER = str(Path(sys.executable).with_name("syncworker"))
#: Opening three processes on a busy machine; it usually takes a few seconds.
START_S = 60.0


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SYNCWORKER, "demo", *arguments], capture_output=True, text=True, timeout=110, check=False
    )


@contextmanager
def started(output: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as file:
        process = subprocess.Popen([SYNCWORKER, "demo", *arguments], stdout=file, stderr=file)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def children_of(pid: int) -> set[int]:
    """Processes that this one started and that still run."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.add(int(stat.parent.name))
    return found


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_demo_answers_with_one_document_in_which_nothing_is_oversold() -> None:
    done = run("--seconds", "8", "--json", "--seed", "7")

    outcome = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert {"sold", "oversold", "turned_away", "orders", "pushes", "channels"} <= outcome.keys()
    assert outcome["oversold"] == 0
    assert outcome["books"] == []
    assert outcome["untold"] == 0
    assert outcome["sold"] > 0
    assert outcome["orders"] == sum(channel["orders"] for channel in outcome["channels"].values())
    assert {name: channel["mode"] for name, channel in outcome["channels"].items()} == {
        "counter": "own", "instagram": "catalogue", "pasar": "compare_and_set", "tiktok": "set", "toko": "delta",
    }  # fmt: skip
    assert outcome["channels"]["instagram"]["orders"] == 0
    assert outcome["channels"]["counter"]["calls"] == 0
    assert "Oversold" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds child processes in /proc")
def test_ctrl_c_ends_it_with_a_summary_and_nothing_left_running(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with started(output, "--lang", "id", "--keep", str(tmp_path / "kept")) as process:
        await_condition(lambda: " menjual " in output.read_text(), START_S, "the first sale")
        shops = children_of(process.pid)
        process.send_signal(signal.SIGINT)
        code = process.wait(START_S)

    assert code == 130
    assert len(shops) == 4
    assert [pid for pid in shops if is_running(pid)] == []
    text = output.read_text()
    assert "Jual dobel" in text
    assert "Traceback" not in text
    assert (tmp_path / "kept" / "config" / "channels.toml").exists()
