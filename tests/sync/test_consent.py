"""What a seller pastes after consenting: an address, a code, a refusal, or something else."""

import pytest
from pydantic import BaseModel

from syncworker.errors import InputError
from syncworker.sync.consent import ask, read_answer


class Settings(BaseModel):
    """Nothing is set."""


REQUEST = ask(Settings(), "http://127.0.0.1:8765/")


def test_no_two_requests_share_a_state() -> None:
    assert REQUEST.state != ask(Settings(), "http://127.0.0.1:8765/").state


@pytest.mark.parametrize("text", ["c0de", "  c0de\n"])
def test_the_code_alone_will_do(text: str) -> None:
    assert read_answer(text, REQUEST) == {"code": "c0de"}


def test_the_whole_address_brings_everything_along() -> None:
    address = f"http://127.0.0.1:8765/?code=c0de&state={REQUEST.state}&shop_id=7"

    assert read_answer(address, REQUEST) == {"code": "c0de", "state": REQUEST.state, "shop_id": "7"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "neither an address nor a code"),
        ("I agreed", "neither an address nor a code"),
        ("http://127.0.0.1:8765/?code=c0de&state=other", "another request"),
        (
            "http://127.0.0.1:8765/?error=access_denied&error_description=The+seller+refused",
            "The seller refused",
        ),
        ("http://127.0.0.1:8765/?state=", "holds no code"),
        ("https://shop.example/authorize", "holds no code"),
    ],
)
def test_anything_else_is_named_and_changes_nothing(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_answer(text, REQUEST)
