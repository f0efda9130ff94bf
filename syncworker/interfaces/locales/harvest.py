"""Which sentences can a person be shown? Gathered from the source: marked ones, and those that the engine raises."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

import syncworker
from syncworker.connector.costs import COSTS
from syncworker.core.decision import SENTENCES
from syncworker.interfaces.language import DOMAIN
from syncworker.interfaces.sentences import CONTEXT

PACKAGE = Path(syncworker.__file__).parent
#: Rooms whose errors reach a person.
ENGINE = ("errors.py", "bootstrap.py", "settings", "forecast", "sync", "ledger", "connector", "tasks")
#: Calls and lists that take sentences for people, beside what is raised.
_TAKERS = ("Error", "Problem", "BadCell", "_refuse")
_LISTS = ("problems", "found", "warnings", "_problems")
#: What click says itself.
CLICK = (
    "Missing argument",
    "Missing option",
    "Missing parameter",
    "No such command {name!r}.",
    "No such option: {name}",
    "Did you mean {possibility}?",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "Show this message and exit.",
    "Show the version and exit.",
    "Option {name!r} requires an argument.",
    "Error: The value you entered was invalid.",
    "default: {default}",
    "required",
)
#: Sentences of the engine that are put together from pieces, or handed up by another road than an error.
PIECED = (
    "line {line}, {column}: found {found}: {advice}.",
    "line {line}, {column}: {advice}.",
    "line {line}: {advice}.",
    "cell {cell}: found {found}: {advice}.",
    "cell {cell}: {advice}.",
    "{name} may still sell something: {named}. It stays counted until that is proven to be nothing.",
    (
        "Wait until `syncworker channel show {name}` says that nothing can be sold. If the shop is gone for good:"
        " `syncworker pool assume {name_2}/SKU 0` for each."
    ),
    (
        "Withdraw it first: `syncworker channel withdraw {name}`. If the shop is gone for good: `syncworker pool assume"
        " {name_2}/SKU 0` for each."
    ),
    "{where}: {key} is unknown; did you mean {meant}? there are: {names}",
    "{where}: {key} is unknown; there are: {names}",
    "{where}: connector {name} is unknown; did you mean {meant}? there are: {names}",
    "{where}: found {value}, expected {expected}",
    "{where}: {key}: is missing",
    (
        "broker_url: found {value}, which lives inside one process, but `syncworker {command}` is a process of its own:"
        " set broker_url to a Redis address such as redis://127.0.0.1:6379/0, or run all in one process with `syncworker up`"
    ),
    "{call}: not sent, the connection was refused",
    "{call}: the answer is a web page (HTML), not JSON",
    "{call}: the answer is not complete JSON (broken at character {place} of {length})",
    "{call}: the answer holds {name}, which is not a number",
    "the page repeats itself: its next_cursor is the one it was asked for",
    "save the file as CSV UTF-8: byte {place} ({byte}) belongs to no such text",
    "add this SKU with `syncworker product import` first, or correct it",
    "remove this line and count the parts: a bundle has no count of its own",
)
#: Written for whoever writes connectors, or upgrades tables: these stay English.
_FOR_AUTHORS = frozenset(("migrations", "fake.py", "conformance", "inspection.py", "tape.py"))
#: Mistakes of ours, not of a person: these stay English.
_PROGRAMMERS = (
    "AttributeError",
    "ValueError",
    "TypeError",
    "RuntimeError",
    "NotImplementedError",
    "AssertionError",
)
#: Where Babel's own table has none.
PLURALS = {"id": "nplurals=1; plural=0;"}
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def harvest(language: str | None = None) -> Catalog:
    """A catalogue of everything to be translated, without places, so that it changes only when a sentence does."""
    catalogue = Catalog(
        locale=language, domain=DOMAIN, project="syncworker", version=syncworker.__version__, fuzzy=False
    )
    if language in PLURALS:
        catalogue.mime_headers = [("Plural-Forms", PLURALS[language])]
    found = extract_from_dir(PACKAGE / "interfaces", [("**.py", "python")], keywords=KEYWORDS)
    for _file, _line, message, _comments, _context in found:
        catalogue.add(message)
    for sentence in (*SENTENCES.values(), *COSTS.values(), *CLICK):
        catalogue.add(sentence)
    for sentence in sorted({*engine_sentences(), *PIECED}):
        catalogue.add(sentence, context=CONTEXT)
    return catalogue


def engine_sentences() -> Iterator[str]:
    """Every sentence that a room below the interfaces may hand up, its parts that differ as names in braces."""
    for room in ENGINE:
        path = PACKAGE / room
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if not _FOR_AUTHORS & set(file.parts):
                yield from _of(ast.parse(file.read_text(encoding="utf-8")))


def _of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if _takes_sentences(node):
            for text in _texts(node):
                yield from (line for line in text.split("\n") if _is_sentence(line))


def _texts(node: ast.AST) -> Iterator[str]:
    """Whole texts inside a node; the pieces of an f-string are none."""
    text = template(node)
    if text is not None:
        yield text
        return
    for child in ast.iter_child_nodes(node):
        yield from _texts(child)


def _takes_sentences(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise):
        return isinstance(node.exc, ast.Call) and _name(node.exc.func) not in _PROGRAMMERS
    if isinstance(node, ast.AugAssign):
        return _name(node.target) in _LISTS
    if isinstance(node, ast.Call):
        name = _name(node.func)
        is_list = name in ("append", "extend") and isinstance(node.func, ast.Attribute)
        is_super = name == "__init__"
        is_taker = name.endswith(_TAKERS) and name not in _PROGRAMMERS
        return is_taker or is_super or (is_list and _name(node.func.value) in _LISTS)  # type: ignore[attr-defined]
    return False


def template(node: ast.AST) -> str | None:
    """``There is no channel {name}.`` of the f-string; ``None`` for anything but text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("{", "{{").replace("}", "}}") if "{" in node.value else node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    names: dict[str, int] = {}
    pieces = []
    for piece in node.values:
        if isinstance(piece, ast.FormattedValue):
            name = _name(piece.value) or "value"
            names[name] = names.get(name, 0) + 1
            pieces.append("{" + (name if names[name] == 1 else f"{name}_{names[name]}") + "}")
        elif isinstance(piece, ast.Constant):
            pieces.append(str(piece.value))
    return "".join(pieces)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _is_sentence(text: str) -> bool:
    """At least three words of its own."""
    words = [word for word in text.split() if word.strip("{}.,:;()'\"`").isalpha() and "{" not in word]
    return len(words) >= 3
