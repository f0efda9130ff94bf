"""At most one incident is open for a kind and subject, and what is closed can open again."""

import threading

from syncworker.ledger import Ledger
from syncworker.ledger.incidents import (
    IncidentKind,
    close_incident,
    latest_incidents,
    open_incident,
    open_incidents,
)

OVERSOLD = IncidentKind.OVERSOLD


def test_opening_again_renews_the_details(ledger: Ledger) -> None:
    def see(short: int) -> bool:
        return ledger.run(lambda tx: open_incident(tx, OVERSOLD, "BIN", {"units_short": short}))

    opened = [see(1), see(3)]

    with ledger.snapshot() as tx:
        (told,) = open_incidents(tx)
    assert opened == [True, False]
    assert told.details == {"units_short": 3}


def test_a_closed_one_stays_in_the_list_and_may_open_again(ledger: Ledger) -> None:
    ledger.run(lambda tx: open_incident(tx, OVERSOLD, "BIN", {}))

    closed = [ledger.run(lambda tx: close_incident(tx, OVERSOLD, "BIN")) for _ in range(2)]
    ledger.run(lambda tx: open_incident(tx, OVERSOLD, "BIN", {}))

    with ledger.snapshot() as tx:
        newest_first = latest_incidents(tx)
        assert len(open_incidents(tx, kind=OVERSOLD, subject="BIN")) == 1
        assert open_incidents(tx, kind=IncidentKind.DRIFT) == []
    assert closed == [True, False]
    assert [one.closed_at is None for one in newest_first] == [True, False]


def test_two_that_see_the_same_trouble_open_one_incident(ledger: Ledger) -> None:
    together = threading.Barrier(4)

    def see(number: int) -> None:
        together.wait()
        ledger.run(lambda tx: open_incident(tx, OVERSOLD, "BIN", {"seen_by": number}))

    threads = [threading.Thread(target=see, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with ledger.snapshot() as tx:
        assert len(latest_incidents(tx)) == 1
