"""The one table from the node's errors to JSON-RPC, and reverts in words."""

import pytest
from eth_abi.abi import encode

from ledger_node.chain import errors as chain_errors
from ledger_node.errors import LedgerNodeError
from ledger_node.rpc.errors import INTERNAL_ERROR, NOT_PERMITTED, REVERTED, SERVER_ERROR, TABLE, as_rpc_error
from ledger_node.rpc.revert import reason_of


def chain_codes() -> set[str]:
    return {
        error.code
        for error in vars(chain_errors).values()
        if isinstance(error, type) and issubclass(error, chain_errors.ChainError)
    }


def test_every_error_of_the_chain_has_its_row() -> None:
    assert chain_codes() - set(TABLE) == set()


def test_a_message_starts_with_geths_words_and_says_how_to_mend_it() -> None:
    shown = as_rpc_error(chain_errors.NonceTooLow("next nonce 5, tx nonce 3; sign again with nonce 5"))
    assert shown.code == SERVER_ERROR
    assert shown.message == "nonce too low: next nonce 5, tx nonce 3; sign again with nonce 5"


def test_geths_words_are_not_said_twice() -> None:
    assert (
        as_rpc_error(chain_errors.NonceTooLow("nonce too low: next nonce 5")).message == "nonce too low: next nonce 5"
    )


def test_a_refusal_by_permissions_has_besus_code() -> None:
    assert as_rpc_error(chain_errors.NotPermitted("0xab may not deploy")).code == NOT_PERMITTED


def test_an_error_outside_the_table_is_internal() -> None:
    assert as_rpc_error(LedgerNodeError("something else")).code == INTERNAL_ERROR


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "execution reverted"),
        (bytes.fromhex("08c379a0") + encode(["string"], ["no money"]), "execution reverted: no money"),
        (
            bytes.fromhex("4e487b71") + encode(["uint256"], [0x11]),
            "execution reverted: arithmetic underflow or overflow",
        ),
        (bytes.fromhex("4e487b71") + encode(["uint256"], [0x99]), "execution reverted: unknown panic code: 0x99"),
        (bytes.fromhex("e450d38c") + b"\x01" * 96, "execution reverted"),  # a custom error: the caller decodes it
    ],
)
def test_a_revert_is_code_3_with_its_data(data: bytes, message: str) -> None:
    shown = as_rpc_error(chain_errors.Reverted(data))
    assert (shown.code, shown.message, shown.data) == (REVERTED, message, "0x" + data.hex())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00" * 31,
        b"\xff" * 64,
        (32).to_bytes(32, "big") + (2**255).to_bytes(32, "big"),
        (32).to_bytes(32, "big") + (4).to_bytes(32, "big") + b"\xff\xff\xff\xff" + bytes(28),
    ],
)
def test_a_broken_error_string_has_no_words(body: bytes) -> None:
    assert reason_of(bytes.fromhex("08c379a0") + body) is None
