"""Where is what nobody foresaw written down? A file with the traceback for whoever mends it; a person sees its name only."""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path


def keep(error: Exception) -> Path:
    """Write the traceback to a fresh file that only its owner can read; where it stands."""
    lines = traceback.format_exception(error)
    with tempfile.NamedTemporaryFile(
        "w", prefix="syncworker-error-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"Python {sys.version}\n\n")
        file.writelines(lines)
    return Path(file.name)
