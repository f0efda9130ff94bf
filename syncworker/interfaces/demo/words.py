"""What are the goods of the sample called when one speaks of them? Everyday nouns in the language that is spoken."""

from __future__ import annotations

import re

from syncworker.interfaces.demo.cast import INSTAGRAM, STALL, TIKTOK
from syncworker.interfaces.figures import number
from syncworker.interfaces.language import N_, _, ngettext

#: SKU -> one of it, with its article; the bare word; "the last one".
_ONE = {
    "BIN-BAMBU": N_("a bin"),
    "PENGKI-BAMBU": N_("a dustpan"),
    "SAPU-GLAGAH": N_("a broom"),
    "SET-BERSIH": N_("a cleaning set"),
    "UKIRAN-01": N_("the carving"),
}
_MANY = {
    "BIN-BAMBU": N_("bins"),
    "PENGKI-BAMBU": N_("dustpans"),
    "SAPU-GLAGAH": N_("brooms"),
    "SET-BERSIH": N_("cleaning sets"),
    "UKIRAN-01": N_("carving"),
}
_LAST = {
    "BIN-BAMBU": N_("the last bin"),
    "PENGKI-BAMBU": N_("the last dustpan"),
    "SAPU-GLAGAH": N_("the last broom"),
    "SET-BERSIH": N_("the last cleaning set"),
    "UKIRAN-01": N_("the only carving"),
}


_NAMES = {TIKTOK: "TikTok Shop", INSTAGRAM: "Instagram", STALL: N_("the stall")}
#: Where a sentence begins: at the very start, or after the end of another one.
_BEGINNING = re.compile(r"(?:^|(?<=[.!?] ))[a-z]")


def shop_name(name: str) -> str:
    """A shop as it is spoken of, in the middle of a sentence."""
    return _(_NAMES[name]) if name in _NAMES else name.capitalize()


def sentences_begin_large(text: str) -> str:
    """``The stall sells …`` where a sentence happens to begin with a word that is small elsewhere."""
    return _BEGINNING.sub(lambda found: found.group().upper(), text)


def one(sku: str) -> str:
    """``a broom``."""
    return _(_ONE.get(sku, sku))


def many(sku: str) -> str:
    """``brooms``."""
    return _(_MANY.get(sku, sku))


def last(sku: str) -> str:
    """``the last broom``."""
    return _(_LAST.get(sku, sku))


def counted(sku: str, units: int) -> str:
    """``3 brooms``, ``1 broom``."""
    texts = {
        "BIN-BAMBU": ngettext("{n} bin", "{n} bins", units),
        "PENGKI-BAMBU": ngettext("{n} dustpan", "{n} dustpans", units),
        "SAPU-GLAGAH": ngettext("{n} broom", "{n} brooms", units),
        "SET-BERSIH": ngettext("{n} cleaning set", "{n} cleaning sets", units),
        "UKIRAN-01": ngettext("{n} carving", "{n} carvings", units),
    }
    return texts.get(sku, f"{{n}} {sku}").format(n=number(units))


def listed(texts: list[str]) -> str:
    """``a, b and c``."""
    if len(texts) < 2:
        return "".join(texts)
    return _("{these} and {that}").format(these=", ".join(texts[:-1]), that=texts[-1])
