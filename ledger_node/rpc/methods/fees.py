"""Gas prices. On this network gas is free: the base fee is zero for ever, and nobody gains by a tip."""

from typing import Annotated, Any

from ledger_node.chain.blocks import Header
from ledger_node.rpc.blobs import blob_base_fee, blob_gas_ratio, next_blob_base_fee
from ledger_node.rpc.door import Door
from ledger_node.rpc.errors import SERVER_ERROR, RpcError
from ledger_node.rpc.parse import BlockNumberParam, NumberParam, Parser, array, shown
from ledger_node.rpc.registry import method
from ledger_node.rpc.render import effective_gas_price, quantity

ELASTICITY = 2
BASE_FEE_CHANGE_DENOMINATOR = 8


@method("eth_gasPrice", "eth_baseFee", lane="quick")
def gas_price(door: Door) -> str:
    """What the next block asks: its base fee. Zero here; above zero only on imported history."""
    return quantity(next_base_fee(door.chain.head()))


@method("eth_maxPriorityFeePerGas", lane="now")
def max_priority_fee_per_gas(door: Door) -> str:
    return quantity(0)


@method("eth_blobBaseFee", lane="quick")
def blob_fee(door: Door) -> str:
    return quantity(next_blob_base_fee(door.chain.head()))


def _percentiles(value: Any) -> tuple[float, ...]:
    found = array(value, _percentile, "percentiles from 0 to 100")
    if list(found) != sorted(found):
        raise ValueError("invalid reward percentile: give them in ascending order")
    return found


def _percentile(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        raise ValueError(f"invalid reward percentile: {shown(value)} is no number from 0 to 100")
    return float(value)


PercentilesParam = Annotated[tuple[float, ...], Parser(_percentiles)]


@method("eth_feeHistory")
def fee_history(
    door: Door, block_count: NumberParam, newest_block: BlockNumberParam, reward_percentiles: PercentilesParam = ()
) -> dict[str, Any]:
    """A count above the limit or the chain's length is cut down, as geth does."""
    newest = _newest(door, newest_block)
    count = min(block_count, newest + 1, door.limits.fee_history_blocks)
    if count == 0:
        return {"oldestBlock": "0x0", "baseFeePerGas": [], "gasUsedRatio": []}
    headers = [door.chain.header(number) for number in range(newest - count + 1, newest + 1)]
    base_fees = [header.base_fee_per_gas or 0 for header in headers] + [next_base_fee(headers[-1])]
    blob_fees = [blob_base_fee(header) for header in headers] + [next_blob_base_fee(headers[-1])]
    history: dict[str, Any] = {
        "oldestBlock": quantity(headers[0].number),
        "baseFeePerGas": [quantity(fee) for fee in base_fees],
        "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
        "baseFeePerBlobGas": [quantity(fee) for fee in blob_fees],
        "blobGasUsedRatio": [blob_gas_ratio(header) for header in headers],
    }
    if reward_percentiles:
        history["reward"] = [
            [quantity(fee) for fee in _rewards(door, header, reward_percentiles)] for header in headers
        ]
    return history


def next_base_fee(header: Header) -> int:
    """EIP-1559, except that a fee of zero stays zero: our rules fix it there."""
    fee = header.base_fee_per_gas
    if not fee:
        return 0
    target = header.gas_limit // ELASTICITY
    change = fee * abs(header.gas_used - target) // target // BASE_FEE_CHANGE_DENOMINATOR
    return fee + max(change, 1) if header.gas_used > target else fee - change


def _newest(door: Door, asked: Any) -> int:
    head = door.chain.head().number
    if asked == "pending":
        return head
    if isinstance(asked, int):
        if asked > head:
            raise RpcError(SERVER_ERROR, f"request beyond head block: requested {asked}, head {head}")
        return asked
    return door.chain.header(asked).number


def _rewards(door: Door, header: Header, percentiles: tuple[float, ...]) -> list[int]:
    """The tip per gas paid at each percentile of the block's gas."""
    if header.gas_used == 0:
        return [0] * len(percentiles)
    base_fee = header.base_fee_per_gas or 0
    paid = sorted(
        (effective_gas_price(transaction, base_fee) - base_fee, receipt.gas_used)
        for transaction, receipt in zip(
            door.chain.block(header.number).transactions, door.chain.receipts(header.number), strict=True
        )
    )
    rewards: list[int] = []
    index, gas = 0, paid[0][1]
    for percentile in percentiles:
        threshold = header.gas_used * percentile / 100
        while gas < threshold and index < len(paid) - 1:
            index += 1
            gas += paid[index][1]
        rewards.append(paid[index][0])
    return rewards
