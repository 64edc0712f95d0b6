"""eth_fillTransaction: the caller's transaction with its missing fields filled in, ready to be signed by the caller."""

from typing import Any

from ledger_node.chain.blocks import Authorization, Call
from ledger_node.chain.encoding import int_bytes, rlp_encode
from ledger_node.chain.inspection import AccessList
from ledger_node.chain.wire import decode_transaction
from ledger_node.rpc.callargs import Arguments, CallParam
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import invalid_params
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import hexed, transaction_json

LEGACY, ACCESS_LIST, DYNAMIC_FEE, SET_CODE = 0, 1, 2, 4


@method("eth_fillTransaction", lane="execute")
def fill_transaction(door: Door, transaction: CallParam) -> dict[str, Any]:
    """`raw` has a signature of zeros: sign the fields, not these bytes."""
    chain_id = door.chain.chain_id
    call = transaction.for_chain(chain_id)
    if call.authorization_list and call.to is None:
        raise invalid_params("EIP-7702 transaction cannot be used to create contract; give `to`")
    nonce = call.nonce if call.nonce is not None else door.chain.nonce(call.sender, "pending")
    gas = call.gas if call.gas is not None else door.chain.estimate_gas(call, "pending")
    raw = encode_unsigned(call, kind_of(transaction), chain_id=chain_id, nonce=nonce, gas=gas)
    filled = decode_transaction(raw, sender=call.sender)
    return {"raw": hexed(raw), "tx": transaction_json(filled, base_fee=None)}


def kind_of(arguments: Arguments) -> int:
    """The type asked for, or the one its fields make it. Raises -32602 when the two do not fit."""
    call = arguments.call
    if call.authorization_list:
        natural = SET_CODE
    elif call.gas_price is None:
        natural = DYNAMIC_FEE
    else:
        natural = ACCESS_LIST if call.access_list else LEGACY
    asked = natural if arguments.type is None else arguments.type
    newer = bool(call.authorization_list) or (call.max_fee_per_gas, call.max_priority_fee_per_gas) != (None, None)
    fits = {natural} if newer else {natural, ACCESS_LIST} | (set() if call.access_list else {LEGACY})
    if asked in fits:
        return asked
    raise invalid_params(f"invalid argument 0 (transaction): its fields make it type {natural}, not type {asked}")


def encode_unsigned(call: Call, kind: int, *, chain_id: int, nonce: int, gas: int) -> bytes:
    head = [int_bytes(nonce)]
    body = [int_bytes(gas), call.to or b"", int_bytes(call.value), call.data]
    unsigned = [b"", b"", b""]
    if kind == LEGACY:
        # The v of an unsigned legacy transaction says which chain it is for (EIP-155).
        return rlp_encode([*head, int_bytes(call.gas_price or 0), *body, int_bytes(chain_id * 2 + 35), b"", b""])
    fees = [int_bytes(call.gas_price or 0)]
    if kind != ACCESS_LIST:
        tip = call.max_priority_fee_per_gas or 0
        most = call.max_fee_per_gas if call.max_fee_per_gas is not None else tip
        fees = [int_bytes(tip), int_bytes(most)]
    lists = [_access_list(call.access_list)]
    if kind == SET_CODE:
        lists.append([_authorization(one) for one in call.authorization_list])
    return bytes((kind,)) + rlp_encode([int_bytes(chain_id), *head, *fees, *body, *lists, *unsigned])


def _access_list(access_list: AccessList) -> list[Any]:
    return [[address, [slot.to_bytes(32, "big") for slot in slots]] for address, slots in access_list]


def _authorization(one: Authorization) -> list[bytes]:
    numbers = (one.nonce, one.y_parity, one.r, one.s)
    return [int_bytes(one.chain_id), one.address, *(int_bytes(number) for number in numbers)]
