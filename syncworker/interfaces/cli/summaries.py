"""What is each command for, in one sentence? So that the program's help need not load any of them.

Never says anything else than the command itself does: a test compares the two, in every language.
"""

from __future__ import annotations

from syncworker.interfaces.language import N_

#: Command → the first sentence of its help.
SUMMARIES = {
    "demo": N_(
        "Watch two marketplaces, TikTok Shop and a stall sell one small stock of bamboo crafts, shown on Instagram too, to buyers who compete for it, for a minute or so: what each shows, why it changes, and what a judge who reads only the sellers' own logs says at the end"
    ),
    "init": N_("Write a configuration to begin with"),
    "up": N_("Run everything in this one window: pull orders, keep the count, tell the shops"),
    "status": N_("How are we doing?"),
    "simulate": N_("What would my settings do?"),
    "doctor": N_("Can the books be trusted, and is anything stuck?"),
    "health": N_("Does it run?"),
    "explain": N_("Why does each channel show what it shows?"),
    "resync": N_(
        "Make every channel show what it should: pulls missed orders first, reads the numbers back, compares, and sends what is wrong"
    ),
    "plan": N_("Plans on paper: drawn up by `resync --dry-run --plan`, carried out by `resync --apply`"),
    "undo": N_(
        "Take back an import, a count, goods in, a correction or a move between locations: by opposite movements, once"
    ),
    "product": N_("What we sell: products, and bundles that are made of them"),
    "stock": N_("How many units are there: counts, goods in, corrections"),
    "sale": N_("What was sold over the counter, by message or at a partner's place"),
    "order": N_("What was ordered; lines that nobody can place wait here for you"),
    "hold": N_(
        "Goods that are kept for one buyer, for instance a wholesale order: they are gathered out of the shops, without anything being sold twice"
    ),
    "report": N_("What is due to whom, computed from the books"),
    "channel": N_("Where we sell"),
    "listing": N_("What the channels list, and which of it sells which of our goods"),
    "limit": N_("How much a channel may show of a SKU"),
    "price": N_(
        "What a product costs at each channel: a price fixed here, else the catalogue's by the channel's rule ([channels.NAME.price] in channels.toml), else the catalogue's"
    ),
    "policy": N_("May the same unit be shown at several channels?"),
    "pool": N_("One number at a channel that buyers take from, and our bound for it"),
    "incident": N_("What needs a person: oversold, drift, refused listings, failing channels"),
    "parked": N_("What a channel refused for good: it waits until a person mends it and says so"),
    "run": N_("What was set in motion: imports, resyncs, and what a person vouched for"),
    "audit": N_("Who did what: a row for every command that changed something"),
    "config": N_("What stands in syncworker.toml and channels.toml"),
    "connector": N_("The code for one platform each; a package of anybody's can bring one"),
    "db": N_("The ledger's database: its tables, and copies of it"),
    "worker": N_(
        "One worker of many, over a shared broker (Redis, RabbitMQ) and a shared ledger (PostgreSQL)"
    ),
    "beat": N_("Rings the tick that finds all work, over a shared broker"),
    "metrics": N_(
        "Figures for Prometheus, computed from the ledger when it asks: how soon sales are told, what is unsent, oversold, different or used up"
    ),
    "webhooks": N_("Hear when a channel calls, and pull its orders at once instead of at the next poll"),
    "sandbox": N_(
        "Pretend marketplaces over real HTTP, on this computer alone: three shops (one sets numbers, one compares first, one adds and subtracts), with buyers and faults to order"
    ),
    "completion": N_("Teach your shell our commands, your SKUs and your channels: Tab completes them"),
}
