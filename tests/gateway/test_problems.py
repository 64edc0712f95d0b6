"""Every error says its own code, status and remedy, is documented as it is told, and has a page."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from ledger_node.chain.errors import ChainError
from ledger_node.errors import Fault, InsufficientFunds, LedgerNodeError, NotFound, Unavailable
from ledger_node.gateway.problems import error_tree, problem

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "errors.md"

ROOMS = tuple(f"ledger_node.{room}" for room in ("errors", "gateway", "settlement", "chain.errors"))
"""Whose errors can reach a caller of this door; other doors and commands have words of their own."""


def descend(error: type[LedgerNodeError]) -> Iterator[type[LedgerNodeError]]:
    yield error
    for child in error.__subclasses__():
        yield from descend(child)


ERRORS = sorted(
    {error for error in descend(LedgerNodeError) if error.__module__.startswith(ROOMS)}, key=lambda error: error.code
)
TREE = {code: error for code, error in error_tree().items() if error in ERRORS}


def unsaid(errors: Sequence[type[LedgerNodeError]]) -> list[str]:
    """What the classes have not said of themselves: a code of their own that nobody shares, a status, a remedy."""
    lacking = [
        f"{error.__name__}: {name}" for error in errors for name in ("code", "remedy") if not vars(error).get(name)
    ]
    lacking += [f"{error.__name__}: status" for error in errors if not 400 <= error.status <= 599]
    times = Counter(error.code for error in errors)
    return lacking + [f"{error.__name__}: code of its own" for error in errors if times[error.code] > 1]


def test_every_error_says_its_code_its_status_and_its_remedy() -> None:
    assert len(ERRORS) > 80
    assert unsaid(ERRORS) == []
    assert sorted(TREE.values(), key=lambda error: error.code) == ERRORS


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({"code": "planted"}, ["Planted: remedy"]),
        ({"code": "planted", "remedy": ""}, ["Planted: remedy"]),
        ({"code": "planted", "remedy": "Dig it out.", "status": 0}, ["Planted: status"]),
        ({"code": "not_found", "remedy": "Dig it out."}, ["NotFound: code of its own", "Planted: code of its own"]),
        ({"remedy": "Dig it out."}, ["Planted: code", "NotFound: code of its own", "Planted: code of its own"]),
        ({"code": "planted", "remedy": "Dig it out."}, []),
    ],
)
def test_an_error_that_leaves_one_out_is_named(said: dict[str, object], missing: list[str]) -> None:
    assert unsaid([NotFound, type("Planted", (NotFound,), said)]) == missing


def test_every_error_is_documented_as_it_is_told() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+) \| (\w*) \| (.*?) \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {row[0]: row[1:] for row in rows} == {
        code: (str(error.status), error.reason_code or "", error.title, error.remedy) for code, error in TREE.items()
    }


@pytest.mark.parametrize("code", sorted(TREE))
def test_every_code_has_a_page_that_its_type_points_at(code: str, anybody: httpx.Client) -> None:
    page = anybody.get(f"/errors/{code}")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert code in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_an_unknown_code_has_no_page(anybody: httpx.Client) -> None:
    assert anybody.get("/errors/nonsense").json()["code"] == "not_found"
    assert anybody.get("/errors/%3Cscript%3E").json()["code"] == "not_found"


FAULTS = [
    error for error in TREE.values() if issubclass(error, Fault | ChainError) and not issubclass(error, Unavailable)
]


@pytest.mark.parametrize("error", FAULTS)
def test_a_fault_is_told_without_its_inside(error: type[LedgerNodeError]) -> None:
    fault = error.__new__(error)
    LedgerNodeError.__init__(fault, "secret path /data/keys", secret="value")
    answer = problem(fault, request_id="req_1", instance="/v1/mints")
    assert answer.status_code == 500
    assert b'"code":"internal"' in answer.body
    assert b"secret" not in answer.body
    assert b"/data/keys" not in answer.body


def test_an_unavailable_node_says_when_to_try_again() -> None:
    answer = problem(Unavailable("Later."), request_id="req_1", instance="/v1/mints")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_facts_of_any_kind_can_be_told() -> None:
    answer = problem(InsufficientFunds("Short.", hash=b"\x01\x02", needed=5), request_id="r", instance="/")
    assert b'"facts":{"hash":"0x0102","needed":5}' in answer.body
