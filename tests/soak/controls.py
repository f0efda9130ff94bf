"""Would the soak see it? Careless versions of single functions, each of which a run has to catch.

The rule itself has its own careless versions in ``tests/prove``; those of them that replace a function of the engine run here
on the whole engine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType
from unittest.mock import patch

from tests.prove.careless import VERSIONS


@dataclass(frozen=True, slots=True)
class Control:
    """One careless version."""

    name: str
    room: ModuleType
    function: str
    version: Callable[..., object]


#: Of the rule: every version that replaces a function which the engine itself calls.
CONTROLS: tuple[Control, ...] = tuple(
    Control(one.name, one.room, one.function, one.version)
    for one in VERSIONS
    if one.room.__name__.startswith("syncworker.")
)


@contextmanager
def careless(control: Control) -> Iterator[None]:
    """Replace the function, wherever it was imported to."""
    true = getattr(control.room, control.function)
    with ExitStack() as stack:
        for module in list(sys.modules.values()):
            name = getattr(module, "__name__", "")
            if name.startswith("syncworker") and vars(module).get(control.function) is true:
                stack.enter_context(patch.object(module, control.function, control.version))
        yield
