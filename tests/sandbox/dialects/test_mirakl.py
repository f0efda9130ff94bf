"""Does the pretend Mirakl marketplace behave as its specification says?"""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import requests

from syncworker.sandbox.process import Sandbox
from tests.sandbox.dialects.callers import Caller, seller
from tests.waiting import await_condition

HEADER = '"offer-sku";"quantity";"warehouse-code";"update-delete"\n'


@pytest.fixture
def shop(aggregators: Sandbox) -> Caller:
    caller = seller(aggregators, "mirakl")
    truth = caller.shop.control.truth
    await_condition(lambda: not truth(orders=False)["pending"], 3, "the end of every job")
    caller.put("BIN", 5)
    return caller


def send(shop: Caller, text: str) -> requests.Response:
    """One import; a shop that was asked too soon is asked again."""
    answers: list[requests.Response] = []

    def sent() -> bool:
        form = {"file": ("stock.csv", text.encode(), "text/csv")}
        answers.append(shop.call("POST", "/api/offers/stock/imports", files=form))
        return answers[-1].status_code != 429

    await_condition(sent, 3, "an import that is not too soon")
    return answers[-1]


def ended(shop: Caller, number: int) -> dict[str, Any]:
    """The job's status once it is through."""
    seen: list[dict[str, Any]] = []

    def through() -> bool:
        answer = shop.get(f"/api/offers/stock/imports/{number}/status")
        if answer.status_code == 200:
            seen.append(answer.json())
        return bool(seen) and seen[-1]["status"] in {"COMPLETE", "FAILED"}

    await_condition(through, 5, "the end of the import")
    return seen[-1]


def only(shop: Caller, order_id: str) -> Any:
    (row,) = shop.get("/api/orders", order_ids=order_id).json()["orders"]
    return row


def test_the_key_is_the_whole_header(shop: Caller) -> None:
    answer = requests.get(
        shop.shop.base_url + "/api/orders", headers={"Authorization": "Bearer key-mirakl"}, timeout=3
    )

    assert (answer.status_code, answer.json()["message"]) == (401, "Unauthorized")


def test_a_stock_file_is_a_job_that_takes_effect_when_it_is_through(shop: Caller) -> None:
    answer = send(shop, HEADER + '"BIN";"9";"";""\n')
    before = shop.number("BIN")
    end = ended(shop, answer.json()["import_id"])

    assert (answer.status_code, before) == (201, 5)
    assert (end["status"], end["lines_in_success"], end["has_error_report"]) == ("COMPLETE", 1, False)
    assert shop.number("BIN") == 9


def test_a_lines_failure_is_in_the_report_and_the_others_are_applied(shop: Caller) -> None:
    lines = '"NOBODY";"1";"";""\n"BIN";"8";"";"update"\n"PAN";"1.5";"";""\n"PAN";"2";"NORTH";""\n'
    number = send(shop, HEADER + lines).json()["import_id"]

    end = ended(shop, number)
    report = shop.get(f"/api/offers/stock/imports/{number}/error_report")

    rows = list(csv.reader(io.StringIO(report.text), delimiter=";"))
    assert (end["lines_read"], end["lines_in_success"], end["lines_in_error"]) == (4, 1, 3)
    assert [row[0] for row in rows[1:]] == ["1", "3", "4"]
    assert report.headers["Content-Type"].startswith("text/csv")
    assert shop.number("BIN") == 8


def test_a_file_without_its_columns_is_a_failed_job(shop: Caller) -> None:
    end = ended(shop, send(shop, "sku;quantity\nBIN;9\n").json()["import_id"])

    assert end["status"] == "FAILED"
    assert shop.number("BIN") == 5


def test_a_body_that_is_no_form_is_refused(shop: Caller) -> None:
    plain = shop.call("POST", "/api/offers/stock/imports", data=HEADER.encode())
    nameless = shop.call("POST", "/api/offers/stock/imports", files={"csv": ("s.csv", b"x", "text/csv")})

    assert (plain.status_code, nameless.status_code) == (415, 400)


def test_an_import_that_comes_too_soon_is_refused_without_a_hint(shop: Caller) -> None:
    send(shop, HEADER + '"BIN";"7";"";""\n')
    form = {"file": ("stock.csv", (HEADER + '"BIN";"6";"";""\n').encode(), "text/csv")}
    refused = shop.call("POST", "/api/offers/stock/imports", files=form)

    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers


def test_a_lost_line_shows_in_the_counts_alone(shop: Caller) -> None:
    shop.shop.control.order_faults({"kind": "item_missing", "count": 1, "applied": False})

    end = ended(shop, send(shop, HEADER + '"BIN";"9";"";""\n"PAN";"3";"";""\n').json()["import_id"])

    assert (end["lines_read"], end["lines_in_success"], end["lines_in_error"]) == (2, 1, 0)


def test_an_upsert_that_names_only_a_quantity_is_refused_and_a_whole_one_resets_the_rest(
    shop: Caller,
) -> None:
    whole = {
        "shop_sku": "PAN",
        "price": 35000,
        "product_id": "4006381333931",
        "product_id_type": "EAN",
        "state_code": "11",
        "update_delete": "update",
    }

    partial = shop.call("POST", "/api/offers", json={"offers": [{"shop_sku": "PAN", "quantity": 4}]})
    shop.call("POST", "/api/offers", json={"offers": [whole]})

    assert partial.status_code == 400
    await_condition(lambda: shop.number("PAN") == 0, 3, "the quantity that was not named")


def test_an_offer_at_0_calls_itself_inactive(shop: Caller) -> None:
    shop.put("BIN", 0)

    found = shop.get("/api/offers", sku="BIN").json()

    assert found["total_count"] == 1
    assert (found["offers"][0]["active"], found["offers"][0]["inactivity_reasons"]) == (
        False,
        ["ZERO_QUANTITY"],
    )


def test_orders_page_by_offset_and_sort_by_creation_alone(shop: Caller) -> None:
    first, second = shop.buy("BIN"), shop.buy("BIN")
    shop.shop.control.ship(first)

    rows = shop.get("/api/orders", max=100).json()
    page = shop.get("/api/orders", max=1, offset=rows["total_count"] - 1).json()
    by_update = shop.get("/api/orders", sort="dateUpdated")

    assert [row["order_id"] for row in rows["orders"]][-2:] == [first, second]
    assert [row["order_id"] for row in page["orders"]] == [second]
    assert by_update.status_code == 400


def test_a_list_begins_a_little_before_it_was_asked_to(shop: Caller) -> None:
    order_id = shop.buy("BIN")
    updated = only(shop, order_id)["last_updated_date"]

    rows = shop.get("/api/orders", max=100, start_update_date=updated).json()["orders"]

    assert order_id in [row["order_id"] for row in rows]


def accept(shop: Caller, order_id: str, **decisions: bool) -> requests.Response:
    lines = [{"id": f"{order_id}-{name[1:]}", "accepted": word} for name, word in decisions.items()]
    return shop.call("PUT", f"/api/orders/{order_id}/accept", json={"order_lines": lines})


def test_an_order_waits_until_each_line_is_decided_on_once(shop: Caller) -> None:
    order_id = shop.buy("BIN")

    waiting = only(shop, order_id)["order_state"]
    missing = accept(shop, order_id)
    accepted = accept(shop, order_id, _1=True)
    again = accept(shop, order_id, _1=True)

    assert waiting == "WAITING_ACCEPTANCE"
    assert missing.json()["code"] == "ORDER_LINE_ACCEPTANCE_DECISION_MISSING"
    assert (accepted.status_code, accepted.content) == (204, b"")
    assert only(shop, order_id)["order_state"] == "SHIPPING"
    assert (again.status_code, again.json()["code"]) == (400, "ORDER_INVALID_STATE")


def test_a_refused_order_gives_its_units_back(shop: Caller) -> None:
    order_id = shop.buy("BIN", 2)

    accept(shop, order_id, _1=False)

    assert only(shop, order_id)["order_state"] == "REFUSED"
    assert shop.number("BIN") == 5


def test_cancelations_and_refunds_stand_at_the_line(shop: Caller) -> None:
    order_id = shop.buy("BIN", 4)
    shop.shop.control.cancel(order_id, quantity=1)
    shop.shop.control.ship(order_id)
    shop.shop.control.take_return(order_id, quantity=2)

    (line,) = only(shop, order_id)["order_lines"]

    assert (line["offer_sku"], line["quantity"]) == ("BIN", 4)
    assert [each["quantity"] for each in line["cancelations"]] == [1]
    assert [each["quantity"] for each in line["refunds"]] == [2]
