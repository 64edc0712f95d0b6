"""The table of restriction codes says the same in Python, in the contract and in contracts/README.md."""

import re
from pathlib import Path

import pytest

from ledger_node.chain.blocks import Call
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.deposit_token.codes import RESTRICTIONS, restriction
from tests.deposit_token.bank import ALICE, BOB, STRANGER, Bank

ROOT = Path(__file__).parent.parent.parent


def test_codes_are_numbered_without_gap_in_order_of_precedence():
    assert [each.code for each in RESTRICTIONS] == list(range(1, len(RESTRICTIONS) + 1))
    assert [restriction(each.code) for each in RESTRICTIONS] == list(RESTRICTIONS)


def test_an_unknown_code_is_a_fault():
    with pytest.raises(KeyError):
        restriction(len(RESTRICTIONS) + 1)


def test_codes_are_those_of_the_solidity_source():
    source = (ROOT / "contracts" / "src" / "token" / "Restriction.sol").read_text(encoding="utf-8")
    declared = {int(code): name for name, code in re.findall(r"uint8 internal constant (\w+) = (\d+);", source)}
    assert declared == {0: "ALLOWED"} | {each.code: each.name for each in RESTRICTIONS}


def test_codes_are_those_of_the_readme():
    text = (ROOT / "contracts" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| .* \| `(\w+)` \| (\w{4}) \|$", text, re.MULTILINE)
    assert [(int(code), api, iso) for code, api, iso in rows] == [
        (each.code, each.api_code, each.reason_code) for each in RESTRICTIONS
    ]


def test_the_contract_foretells_a_restriction_and_has_a_sentence_for_it():
    bank = Bank()

    def asked(function, *arguments):
        answer = bank.evm.call(Call(to=bank.token, data=deposit_token().call(function, *arguments)))
        (value,) = deposit_token().returned(function, answer)
        return value

    assert restriction(asked("detectTransferRestriction", ALICE, STRANGER, 1)).name == "CREDITOR_NOT_REGISTERED"
    assert restriction(asked("detectTransferRestriction", ALICE, BOB, 1)).name == "INSUFFICIENT_BALANCE"
    assert asked("detectTransferRestriction", ALICE, BOB, 0) == 0
    sentences = {asked("messageForTransferRestriction", each.code) for each in RESTRICTIONS}
    assert len(sentences) == len(RESTRICTIONS)
