"""The objects a call is described with: transaction arguments, state overrides and block overrides, out of JSON.

Members nobody knows are ignored in transaction arguments (web3.js sends some); in overrides they are refused, since an
override that silently does nothing misleads. Raises ValueError with a sentence, as every parser does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from ledger_node.chain.blocks import Authorization, Call
from ledger_node.chain.inspection import AccountOverride, BlockOverride, Overrides
from ledger_node.rpc import parse
from ledger_node.rpc.errors import invalid_params
from ledger_node.rpc.parse import Parser, array, fields, member, shown, within

BLOB_MEMBERS = ("blobs", "commitments", "proofs", "blobVersionedHashes", "maxFeePerBlobGas")

# TRANSACTION ARGUMENTS


@dataclass(frozen=True, slots=True)
class Arguments:
    """A call, and what its sender believes of the chain it is meant for."""

    call: Call
    chain_id: int | None = None
    type: int | None = None

    def for_chain(self, chain_id: int) -> Call:
        """The call. Raises -32602 when it was meant for another chain."""
        if self.chain_id not in (None, chain_id):
            raise invalid_params(f"chainId does not match node's (have={self.chain_id}, want={chain_id})")
        return self.call


def arguments(value: Any) -> Arguments:
    given = fields(value)
    return Arguments(
        call=_call(given),
        chain_id=member(given, "chainId", parse.quantity, None),
        type=member(given, "type", parse.quantity_or_integer, None),
    )


def _call(given: Mapping[str, Any]) -> Call:
    for name in BLOB_MEMBERS:
        if given.get(name) and (name, given[name]) != (
            "maxFeePerBlobGas",
            "0x0",
        ):  # alone and zero, it asks for nothing
            raise ValueError(f"{name}: blob transactions are not part of this network; send the data in `input`")
    if "gasPrice" in given and ("maxFeePerGas" in given or "maxPriorityFeePerGas" in given):
        raise ValueError("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified; give one kind")
    max_fee = member(given, "maxFeePerGas", parse.quantity, None)
    tip = member(given, "maxPriorityFeePerGas", parse.quantity, None)
    if max_fee is not None and tip is not None and max_fee < tip:
        raise ValueError(f"maxFeePerGas ({max_fee}) < maxPriorityFeePerGas ({tip}); lower the tip or raise the cap")
    return Call(
        sender=member(given, "from", parse.address, b"\x00" * 20),
        to=member(given, "to", _maybe_address, None),
        data=call_data(given),
        value=member(given, "value", parse.quantity, 0),
        gas=member(given, "gas", parse.uint64, None),
        gas_price=member(given, "gasPrice", parse.quantity, None),
        max_fee_per_gas=max_fee,
        max_priority_fee_per_gas=tip,
        nonce=member(given, "nonce", parse.uint64, None),
        access_list=member(given, "accessList", access_list, ()),
        authorization_list=member(given, "authorizationList", _authorizations, ()),
    )


def call_data(given: Mapping[str, Any]) -> bytes:
    """`input`, or its older name `data`; both only when they are equal, as `cast` sends them."""
    found = {name: within(name, parse.data, given[name]) for name in ("input", "data") if name in given}
    if len(set(found.values())) > 1:
        raise ValueError(
            'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data'
        )
    return next(iter(found.values()), b"")


def access_list(value: Any) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
    return array(value, _access_list_entry, "objects with address and storageKeys")


def _access_list_entry(value: Any) -> tuple[bytes, tuple[int, ...]]:
    given = fields(value)
    if "address" not in given:
        raise ValueError("an access list entry needs an address")
    keys = given.get("storageKeys", [])
    return within("address", parse.address, given["address"]), within("storageKeys", _words, keys)


def _words(value: Any) -> tuple[int, ...]:
    return array(value, parse.storage_word, "32-byte words")


def _authorizations(value: Any) -> tuple[Authorization, ...]:
    if value == []:
        raise ValueError("EIP-7702 transaction with empty auth list; leave it out for another type")
    return array(value, _authorization, "signed authorizations")


def _authorization(value: Any) -> Authorization:
    given = fields(value)
    for name in ("chainId", "address", "nonce", "yParity", "r", "s"):
        if name not in given:
            raise ValueError(f"an authorization needs {name}")
    return Authorization(
        chain_id=within("chainId", parse.quantity, given["chainId"]),
        address=within("address", parse.address, given["address"]),
        nonce=within("nonce", parse.uint64, given["nonce"]),
        y_parity=within("yParity", parse.slot, given["yParity"]),  # clients also write it as two digits
        r=within("r", parse.slot, given["r"]),
        s=within("s", parse.slot, given["s"]),
    )


def _maybe_address(value: Any) -> bytes | None:
    # geth and web3.js take an empty string for "no recipient"
    return None if value == "" else parse.address(value)


# OVERRIDES


def state_overrides(value: Any) -> dict[bytes, AccountOverride]:
    return {
        within(f"[{shown(key)}]", parse.address, key): within(key, _account_override, item)
        for key, item in fields(value).items()
    }


def _account_override(value: Any) -> AccountOverride:
    given = fields(value)
    _only(given, ("balance", "nonce", "code", "state", "stateDiff", "movePrecompileToAddress"))
    if "state" in given and "stateDiff" in given:
        raise ValueError('an account has both "state" and "stateDiff"; give one')
    return AccountOverride(
        balance=member(given, "balance", parse.quantity, None),
        nonce=member(given, "nonce", parse.uint64, None),
        code=member(given, "code", parse.data, None),
        storage=member(given, "state", _slots, None),
        storage_diff=member(given, "stateDiff", _slots, None),
        move_precompile_to=member(given, "movePrecompileToAddress", _maybe_address, None),
    )


def _slots(value: Any) -> Mapping[int, int] | None:
    return {
        within(f"slot {shown(key)}", parse.storage_word, key): within(key, parse.storage_word, item)
        for key, item in fields(value).items()
    }


def block_override(value: Any) -> BlockOverride:
    """Under geth's names for `eth_call` (random, coinbase, baseFee) and the specification's for simulations."""
    given = fields(value)
    for alias, name in (("baseFee", "baseFeePerGas"), ("coinbase", "feeRecipient"), ("random", "prevRandao")):
        if alias in given:
            given.setdefault(name, given.pop(alias))
    _only(given, ("number", "time", "gasLimit", "feeRecipient", "prevRandao", "baseFeePerGas", "blobBaseFee",
                  "difficulty", "withdrawals", "beaconRoot"))  # fmt: skip
    return BlockOverride(
        number=member(given, "number", parse.uint64, None),
        timestamp=member(given, "time", parse.uint64, None),
        gas_limit=member(given, "gasLimit", parse.uint64, None),
        coinbase=member(given, "feeRecipient", _maybe_address, None),
        prev_randao=member(given, "prevRandao", _randao, None),
        base_fee_per_gas=member(given, "baseFeePerGas", parse.quantity, None),
        blob_base_fee=member(given, "blobBaseFee", parse.quantity, None),
        beacon_root=member(given, "beaconRoot", parse.hash32, None),
    )


def _randao(value: Any) -> bytes | None:
    return parse.slot(value).to_bytes(32, "big")


def _only(given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"unknown member {shown(name)}; known are {', '.join(known)}")


def overrides(accounts: dict[bytes, AccountOverride] | None, block: BlockOverride | None) -> Overrides:
    return Overrides(accounts or {}, block or BlockOverride())


CallParam = Annotated[Arguments, Parser(arguments)]
StateOverridesParam = Annotated[dict[bytes, AccountOverride] | None, Parser(state_overrides)]
BlockOverrideParam = Annotated[BlockOverride | None, Parser(block_override)]
