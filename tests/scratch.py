"""Where do tests write? Into a folder in memory where the system has one with room: a disk's waits prove nothing here.

Every commit still asks for its data to be kept (fsync, synchronous=FULL): the program does the same, only the power cut, which
no test can make, would find nothing. ``TMPDIR`` set by whoever runs the tests is left as it is.
"""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108  # asked for, found or not; the files in it are made by mkdtemp
#: A run leaves some 200 MB at most; in a container the folder is often only 64 MB large.
ROOM = 2 * 1024**3


def write_into_memory() -> None:
    """Have this process, and those that it starts, make temporary files in memory if that is possible."""
    if "TMPDIR" not in os.environ and has_room(MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def has_room(folder: Path) -> bool:
    """Whether we may write there, start programs from there, and have enough room."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(folder)
    may_run = not found.f_flag & os.ST_NOEXEC
    return may_run and found.f_bavail * found.f_frsize >= ROOM
