"""Every code that anybody can be told has its page, also those that only a payment or an order ends with."""

import re
from pathlib import Path

import httpx
import pytest

from ledger_node.deposit_token.codes import RESTRICTIONS
from ledger_node.gateway.endings import ENDINGS
from ledger_node.gateway.problems import error_tree

ROOT = Path(__file__).parent.parent.parent
WORDED = re.compile(r'Outcome\(\s*"(\w+)"')
"""Outcomes that settlement names by a word of its own rather than by an error's code."""

CODES = {each.api_code for each in RESTRICTIONS} | set(error_tree()) | {
    code for path in (ROOT / "ledger_node" / "settlement").glob("*.py") for code in WORDED.findall(path.read_text())
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_its_page(anybody: httpx.Client, code: str) -> None:
    page = anybody.get(f"/errors/{code}")
    assert page.status_code == 200
    assert f"<code>{code}</code>" in page.text


def test_a_code_that_nobody_is_told_has_none(anybody: httpx.Client) -> None:
    assert anybody.get("/errors/token_pawsed").status_code == 404


def test_every_ending_is_documented_as_it_is_told() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([A-Z0-9]{4}) \| ([^|]*) \| ([^|]*) \|$", page, re.MULTILINE)
    assert {row[0]: row[1:] for row in rows} == {
        code: (each.reason_code, each.means, each.remedy) for code, each in ENDINGS.items()
    }
