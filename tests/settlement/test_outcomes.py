"""What a member is told when the contract refused."""

import pytest

from ledger_node.chain.encoding import keccak
from ledger_node.deposit_token.refusals import refusal
from ledger_node.errors import Fault
from ledger_node.settlement import outcomes


def test_a_leg_is_told_its_restriction() -> None:
    outcome = outcomes.of_leg(6)
    assert (outcome.code, outcome.reason_code) == ("account_frozen", "AC06")


def test_a_code_of_no_release_is_a_fault() -> None:
    with pytest.raises(Fault, match="unknown code 200"):
        outcomes.of_leg(200)


def test_a_batch_that_reverts_for_a_restriction_is_told_it() -> None:
    outcome = outcomes.of_revert(refusal(keccak(b"EnforcedPause()")[:4]))
    assert outcome.code == "token_paused"


@pytest.mark.parametrize("data", [b"", b"\x12\x34\x56\x78"])
def test_a_batch_that_reverts_without_a_word_we_know_is_told_so(data: bytes) -> None:
    outcome = outcomes.of_revert(refusal(data))
    assert (outcome.code, outcome.reason_code) == ("rejected_on_chain", "AG01")
    assert outcome.reason.endswith("without a reason.")


def test_a_batch_whose_reason_cannot_be_found_again_is_told_so() -> None:
    assert outcomes.of_revert(None).code == "rejected_on_chain"
