"""The filter object of `eth_getLogs`, `eth_newFilter` and `eth_subscribe`: parsed, then resolved against a head."""

from dataclasses import dataclass
from typing import Annotated, Any

from ledger_node.chain.blocks import BlockRef, Hash32, Log, LogFilter
from ledger_node.rpc import parse
from ledger_node.rpc.errors import RpcError, asks_too_much, invalid_params
from ledger_node.rpc.parse import Parser, array, fields, member, shown, within
from ledger_node.rpc.settings import RpcLimits

TOPICS_MOST = 4


@dataclass(frozen=True, slots=True)
class LogQuery:
    """`first` and `last` as the caller wrote them: numbers or tags, or None for the default (latest)."""

    first: BlockRef | None = None
    last: BlockRef | None = None
    block_hash: Hash32 | None = None
    addresses: tuple[bytes, ...] = ()
    topics: tuple[tuple[Hash32, ...] | None, ...] = ()

    def matches(self, log: Log) -> bool:
        """By address and topics; the range is the caller's business."""
        if self.addresses and log.address not in self.addresses:
            return False
        if len(self.topics) > len(log.topics):
            return False
        return all(wanted is None or topic in wanted for wanted, topic in zip(self.topics, log.topics, strict=False))


EVERYTHING = LogQuery()


def log_query(value: Any) -> LogQuery:
    given = fields(value)
    if "blockHash" in given and ("fromBlock" in given or "toBlock" in given):
        raise ValueError("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other")
    return LogQuery(
        first=member(given, "fromBlock", parse.block_number_or_tag, None),
        last=member(given, "toBlock", parse.block_number_or_tag, None),
        block_hash=member(given, "blockHash", parse.hash32, None),
        addresses=member(given, "address", _addresses, ()),
        topics=member(given, "topics", _topics, ()),
    )


LogQueryParam = Annotated[LogQuery, Parser(log_query)]


def _addresses(value: Any) -> tuple[bytes, ...]:
    if isinstance(value, list):
        return array(value, parse.address, "addresses")
    return (parse.address(value),)


def _topics(value: Any) -> tuple[tuple[Hash32, ...] | None, ...]:
    """By position: null matches any, a topic itself, an array any of its topics (a null among them any at all)."""
    if not isinstance(value, list):
        raise ValueError(f"expected an array of topics, got {shown(value)}")
    if len(value) > TOPICS_MOST:
        raise ValueError(f"exceed max topics: a log has at most {TOPICS_MOST}")
    positions = tuple(within(f"[{index}]", _position, item) for index, item in enumerate(value))
    while positions and positions[-1] is None:
        positions = positions[:-1]  # trailing nulls ask for nothing: web3.js sends them
    return positions


def _position(value: Any) -> tuple[Hash32, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        return (parse.hash32(value),)
    if not value or None in value:
        return None
    return array(value, parse.hash32, "topics")


def transaction_hashes(value: Any) -> tuple[Hash32, ...]:
    """Of the filter of a `transactionReceipts` subscription; none stand for all."""
    return member(fields(value), "transactionHashes", lambda item: array(item, parse.hash32, "hashes"), ())


def check_size(query: LogQuery, limits: RpcLimits) -> None:
    if len(query.addresses) > limits.log_addresses:
        raise asks_too_much(f"exceed max addresses: {limits.log_addresses} are allowed in one filter; send several")
    for position in query.topics:
        if position is not None and len(position) > limits.log_topics:
            raise asks_too_much(f"exceed max topics: {limits.log_topics} are allowed at one position; send several")


def resolve(query: LogQuery, *, head: int, finalized: int, limits: RpcLimits) -> LogFilter:
    """Numbers for tags. Raises -32602 for a range that is reversed, in the future or above the limit."""
    if query.block_hash is not None:
        return LogFilter(
            block_hash=query.block_hash, addresses=query.addresses, topics=query.topics, limit=limits.log_results + 1
        )
    first = _number(query.first, head, finalized)
    last = _number(query.last, head, finalized)
    if first > last:
        raise invalid_params(f"invalid block range params: fromBlock {first} is after toBlock {last}; swap them")
    if last > head:
        raise invalid_params(f"block range extends beyond current head block: toBlock {last}, head {head}")
    if last - first + 1 > limits.log_blocks:
        raise asks_too_much(f"exceed maximum block range: {limits.log_blocks} blocks are allowed; ask in parts")
    return LogFilter(
        first=first, last=last, addresses=query.addresses, topics=query.topics, limit=limits.log_results + 1
    )


def _number(bound: BlockRef | None, head: int, finalized: int) -> int:
    match bound:
        case int():
            return bound
        case "earliest":
            return 0
        case "safe" | "finalized":
            return finalized
        case _:  # absent, latest, and pending: no log is pending here
            return head


def too_many(limits: RpcLimits) -> RpcError:
    return asks_too_much(
        f"query exceeds max results {limits.log_results}: narrow the block range, or name an address or topics"
    )
