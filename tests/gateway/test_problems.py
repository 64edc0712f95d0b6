"""One table maps error codes to HTTP statuses; every code of the tree is in it, is explained, and has a page."""

import re
from pathlib import Path

import httpx
import pytest

from ledger_node.chain.errors import ChainError
from ledger_node.errors import Fault, InsufficientFunds, LedgerNodeError, Unavailable
from ledger_node.gateway.mending import MENDING
from ledger_node.gateway.pages import error_tree
from ledger_node.gateway.problems import STATUS, problem

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "errors.md"

ROOMS = tuple(f"ledger_node.{room}" for room in ("errors", "gateway", "settlement", "chain.errors"))
"""Whose errors can reach a caller of this door; other doors and commands have words of their own."""

TREE = {code: error for code, error in error_tree().items() if error.__module__.startswith(ROOMS)}


def test_every_error_of_the_tree_has_its_status_and_nothing_else_has() -> None:
    assert sorted(STATUS) == sorted(TREE)


def test_every_error_says_what_to_do() -> None:
    assert sorted(MENDING) == sorted(STATUS)


def test_every_error_is_documented_as_it_is_told() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+) \| (\w*) \| (.*?) \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {row[0]: row[1:] for row in rows} == {
        code: (str(status), TREE[code].reason_code or "", TREE[code].title, MENDING[code])
        for code, status in STATUS.items()
    }


@pytest.mark.parametrize("code", sorted(STATUS))
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
