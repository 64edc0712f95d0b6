"""The artifact, its hand-written encodings and the compiler's, and the constants both sides share."""

from hypothesis import given
from hypothesis import strategies as st

from ledger_node.chain.encoding import keccak
from ledger_node.deposit_token import calls, deployment
from ledger_node.deposit_token.artifact import deposit_token
from ledger_node.deposit_token.attestation import ReserveAttestation
from ledger_node.deposit_token.calls import Leg
from ledger_node.money import AMOUNT_MAX

ADDRESSES = st.binary(min_size=20, max_size=20)
AMOUNTS = st.integers(min_value=1, max_value=AMOUNT_MAX)
LEGS = st.one_of(
    st.builds(lambda creditor, amount: Leg("mint", amount, creditor=creditor), ADDRESSES, AMOUNTS),
    st.builds(
        lambda debtor, creditor, amount: Leg("transfer", amount, debtor, creditor), ADDRESSES, ADDRESSES, AMOUNTS
    ),
    st.builds(lambda debtor, amount: Leg("redeem", amount, debtor=debtor), ADDRESSES, AMOUNTS),
)


@given(st.lists(LEGS, max_size=20), st.binary(max_size=70), st.integers(min_value=0, max_value=2**88))
def test_batches_encoded_by_hand_are_what_the_abi_says(legs, signature, reserve):
    attestation = ReserveAttestation(reserve, keccak(b"c"), 7, keccak(b"h"))
    instructions = []
    for leg in legs:
        kind = {"mint": 1, "transfer": 2, "redeem": 3}[leg.kind]
        debit = kind << 248 | leg.amount << 160 | int.from_bytes(leg.debtor or b"", "big")
        instructions.append((debit, int.from_bytes(leg.creditor or b"", "big")))
    expected = deposit_token().call(
        "settle", keccak(b"id"), instructions, (reserve, keccak(b"c"), 7, keccak(b"h")), signature
    )
    assert calls.settle(keccak(b"id"), legs, attestation, signature) == expected


def test_the_contract_fits_under_the_code_size_limit():
    assert len(deposit_token().deployed_bytecode) <= 24_576
    assert deposit_token().compiler.startswith("0.8.37+")


def test_roles_are_named_as_the_contract_names_them():
    names = {entry["name"] for entry in deposit_token().abi if entry.get("name", "").endswith("_ROLE")}
    ours = {name for name in vars(deployment) if name.endswith("_ROLE")}
    assert names - {"DEFAULT_ADMIN_ROLE"} == ours
