"""RemoteChain: the chain door over another Ethereum client's JSON-RPC (Besu, geth, anvil, or a node of our own).

"The head" is the newest block with `confirmations` blocks on top, and it is what `latest`, `safe` and `finalized` mean
here; what lies above it is not shown, except that `pending` is asked of the client as it is. Nothing is kept on disk
and nothing is asked before the first question, so the client may be away when the node starts.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ledger_node.chain.blocks import (
    Address,
    Block,
    BlockRef,
    Call,
    Hash32,
    Header,
    Log,
    LogFilter,
    Receipt,
    Transaction,
)
from ledger_node.chain.encoding import keccak
from ledger_node.chain.errors import BlockNotFound, ChainError
from ledger_node.chain.remote import refusals
from ledger_node.chain.remote.connection import Answered, Connection, Question
from ledger_node.chain.remote.conversion import (
    Json,
    block_of,
    call_json,
    filter_json,
    header_of,
    hexadecimal,
    integer,
    log_of,
    octets,
    receipt_of,
    transaction_of,
)
from ledger_node.chain.remote.heads import Heads
from ledger_node.chain.remote.lateness import STATES_KEPT, NotYet, lacks_logs, may_have, patiently

T = TypeVar("T")

_GWEI = 10**9
_TIMESTAMPS_KEPT = 1024


class RemoteChain:
    """A ChainBackend. `url` is http(s):// or ws(s)://; a user and password in it are used and never shown.

    Over a WebSocket the client's announcements of heads are what listeners hear by; over HTTP they are polled for.

    `chain_id` None means: whatever the client has at the first question. Another chain id, another genesis, a lower
    head that does not recover within `behind_max_s`, or another block at a known height is ChainReplaced, for good.
    """

    def __init__(
        self,
        url: str,
        *,
        confirmations: int = 0,
        chain_id: int | None = None,
        timeout_s: float = 10.0,
        poll_interval_s: float = 0.25,
        behind_max_s: float = 60.0,
    ) -> None:
        self._connection = Connection(url, timeout_s=timeout_s)
        self._confirmations = confirmations
        self._client: str | None = None
        self._timestamps: OrderedDict[Hash32, int] = OrderedDict()
        self._heads = Heads(
            self._connection,
            confirmations=confirmations,
            chain_id=chain_id,
            poll_interval_s=poll_interval_s,
            behind_max_s=behind_max_s,
        )

    @property
    def chain_id(self) -> int:
        return self._heads.chain_id()

    # BLOCKS

    def head(self) -> Header:
        return self._heads.current()

    def header(self, at: BlockRef) -> Header:
        return self._patiently(lambda: header_of(self._block_json(at, whole=False)))

    def block(self, at: BlockRef) -> Block:
        return self._patiently(lambda: block_of(self._block_json(at, whole=True)))

    def _block_json(self, at: BlockRef, *, whole: bool) -> Json:
        try:
            if isinstance(at, bytes):
                json = self._read("eth_getBlockByHash", hexadecimal(at), whole)
            else:
                json = self._read("eth_getBlockByNumber", self._height(at), whole)
        except BlockNotFound:
            json = None
        if not isinstance(json, dict) and self._heads.has_shown(at):
            raise self._not_yet(f"block {_named(at)}")
        if not isinstance(json, dict) or not self._final(json):
            raise BlockNotFound(f"There is no block {_named(at)} on this chain.")
        return json

    def _not_yet(self, what: str) -> NotYet:
        return NotYet(f"The chain at {self._connection.name} has announced {what} and does not show it yet.")

    def _patiently(self, ask: Callable[[], T]) -> T:
        return patiently(ask, self._connection.closes_within)

    def _final(self, json: Json) -> bool:
        """Whether the block that an object belongs to has its confirmations."""
        number = json.get("number", json.get("blockNumber"))
        return number is None or self._confirmed(integer(number))

    def _confirmed(self, number: int) -> bool:
        return self._confirmations == 0 or number <= self._heads.newest_number or number <= self._heads.current().number

    def _height(self, at: BlockRef) -> str:
        """A block as the client's block parameter. Raises BlockNotFound above the head."""
        if isinstance(at, bytes):
            # Blocks shown here never change, so their number is as good as their hash, and every client takes it.
            return hex(self.header(at).number)
        if isinstance(at, int):
            if at < 0 or not self._confirmed(at):
                raise BlockNotFound(f"There is no block {at} on this chain.")
            return hex(at)
        if at in ("earliest", "pending"):
            return at
        return "latest" if self._confirmations == 0 else hex(self._heads.current().number)

    # TRANSACTIONS AND RECEIPTS

    def transaction(self, transaction_hash: Hash32) -> Transaction | None:
        json = self._read("eth_getTransactionByHash", hexadecimal(transaction_hash))
        if json is None:
            return None
        if json.get("blockHash") is None:
            # A client may still find in its pool what it has just put into a block.
            receipt = self._read("eth_getTransactionReceipt", json["hash"]) or {}
            json |= {name: receipt.get(name) for name in ("blockHash", "blockNumber", "transactionIndex")}
        if json.get("blockHash") is None or not self._final(json):
            return transaction_of(json | {"blockHash": None, "blockNumber": None}, None)
        return transaction_of(json, self._timestamp_of(json))

    def receipt(self, transaction_hash: Hash32) -> Receipt | None:
        json = self._read("eth_getTransactionReceipt", hexadecimal(transaction_hash))
        if json is None or json.get("blockHash") is None or not self._final(json):
            return None
        return receipt_of(json, self._timestamp_of(json))

    def receipts(self, at: BlockRef) -> tuple[Receipt, ...]:
        return self._patiently(lambda: self._receipts(at))

    def _receipts(self, at: BlockRef) -> tuple[Receipt, ...]:
        block = self._block_json(at, whole=False)
        header = header_of(block)
        found, logs_before = [], 0
        for json in self._receipt_jsons(header, block["transactions"]):
            # Some clients count the logs of each transaction from zero here: count them ourselves.
            logs = [each | {"logIndex": hex(logs_before + index)} for index, each in enumerate(json.get("logs") or ())]
            found.append(receipt_of(json | {"logs": logs}, header.timestamp))
            logs_before += len(logs)
        if lacks_logs(header, (log for receipt in found for log in receipt.logs)):
            raise self._not_yet(f"block {header.number} with logs that are not in its receipts")
        return tuple(found)

    def _receipt_jsons(self, header: Header, hashes: Sequence[str]) -> list[Json]:
        """One for each transaction, in their order, all of this very block."""
        late = self._not_yet(f"block {header.number} with its receipts")
        try:
            jsons = self._ask("eth_getBlockReceipts", hex(header.number))
        except Answered as answer:
            if answer.code != refusals.METHOD_NOT_FOUND:
                error = refusals.of_read(answer)
                raise (late if isinstance(error, BlockNotFound) else error) from None
            jsons = self._read_many([("eth_getTransactionReceipt", [each]) for each in hashes])
        wanted = [(each, hexadecimal(header.hash)) for each in hashes]
        if not isinstance(jsons, list) or not all(isinstance(each, dict) for each in jsons):
            raise late
        if [(each.get("transactionHash"), each.get("blockHash")) for each in jsons] != wanted:
            raise late
        return jsons

    def logs(self, query: LogFilter) -> Sequence[Log]:
        return self._patiently(lambda: self._found(query))[: query.limit]

    def _found(self, query: LogFilter) -> list[Log]:
        if query.block_hash is not None:
            header = self.header(query.block_hash)
            return self._with_newest(query, header, self._logs(query, 0, 0))
        head = self.head()
        last = min(query.last, head.number)
        if query.first > last:
            return []
        found = self._logs(query, query.first, last)
        return self._with_newest(query, head, found) if last == head.number else found

    def _with_newest(self, query: LogFilter, header: Header, found: list[Log]) -> list[Log]:
        """A client that has not yet made the newest block searchable finds none of its logs; its receipts have them."""
        if any(each.block_number == header.number for each in found) or not may_have(header, query):
            return found
        of_block = [log for receipt in self._receipts(header.number) for log in receipt.logs]
        return found + [each for each in of_block if _wanted(query, each)]

    def _logs(self, query: LogFilter, first: int, last: int) -> list[Log]:
        try:
            jsons = self._ask("eth_getLogs", filter_json(query, first=first, last=last))
        except Answered as answer:
            if first >= last or not refusals.is_too_wide(answer):
                error = refusals.of_read(answer)
                late = isinstance(error, BlockNotFound)  # nothing above the head is asked for
                raise (self._not_yet("blocks and their logs") if late else error) from None
            middle = (first + last) // 2
            return self._logs(query, first, middle) + self._logs(query, middle + 1, last)
        if jsons is None:
            raise self._not_yet("blocks and their logs")
        found = [log_of(json, self._timestamp_of(json)) for json in jsons]
        # Not every client tests every topic it is given.
        return [each for each in found if _wanted(query, each)]

    def _timestamp_of(self, json: Json) -> int:
        """The timestamp of the block that a log, receipt or transaction is in."""
        if json.get("blockTimestamp") is not None:
            return integer(json["blockTimestamp"])
        block_hash = octets(json["blockHash"])
        timestamp = self._timestamps.get(block_hash)
        if timestamp is None:
            timestamp = self.header(block_hash).timestamp
            self._timestamps[block_hash] = timestamp
            while len(self._timestamps) > _TIMESTAMPS_KEPT:
                self._timestamps.popitem(last=False)
        return timestamp

    # STATE

    def nonce(self, address: Address, at: BlockRef = "latest") -> int:
        return integer(self._state("eth_getTransactionCount", at, hexadecimal(address)))

    def balance(self, address: Address, at: BlockRef = "latest") -> int:
        return integer(self._state("eth_getBalance", at, hexadecimal(address)))

    def code(self, address: Address, at: BlockRef = "latest") -> bytes:
        return octets(self._state("eth_getCode", at, hexadecimal(address)))

    def storage(self, address: Address, slot: int, at: BlockRef = "latest") -> int:
        return integer(self._state("eth_getStorageAt", at, hexadecimal(address), hex(slot)) or "0x0")

    def call(self, call: Call, at: BlockRef = "latest") -> bytes:
        return octets(self._state("eth_call", at, call_json(call), judged=refusals.of_call))

    def estimate_gas(self, call: Call, at: BlockRef = "latest") -> int:
        if self._estimates_loosely():
            self.call(call, at)
        estimate = integer(self._state("eth_estimateGas", at, call_json(call), judged=refusals.of_call))
        # Refunds are at most a fifth of the gas used (EIP-3529).
        return estimate * 5 // 4 if self._estimates_loosely() else estimate

    def _state(
        self, method: str, at: BlockRef, *params: Any, judged: Callable[[Answered], ChainError] = refusals.of_read
    ) -> Any:
        """What the client says of the state after block `at`."""

        def ask() -> Any:
            try:
                answer = self._ask(method, *params, self._height(at))
            except Answered as refused:
                error = judged(refused)
                late = isinstance(error, BlockNotFound) and self._keeps_state(at)
                raise (self._not_yet(f"block {_named(at)} with its state") if late else error) from None
            if answer is None:
                raise self._not_yet(f"block {_named(at)} with its state")
            return answer

        return self._patiently(ask)

    def _keeps_state(self, at: BlockRef) -> bool:
        number = self.header(at).number if isinstance(at, bytes) else at
        if not isinstance(number, int):
            return number != "earliest"
        return self._heads.has_shown(number) and self._heads.newest_number - STATES_KEPT <= number

    def _estimates_loosely(self) -> bool:
        """EthereumJS answers what one run used, net of refunds, and does not say when that run reverted."""
        if self._client is None:
            self._client = str(self._read("web3_clientVersion"))
        return self._client.startswith("EthereumJS")

    # SENDING

    def suggest_fees(self) -> tuple[int, int]:
        """Twice the head's base fee plus the client's tip, so that six full blocks may come before ours; 0 and 0 where
        the base fee is zero, as on free-gas networks."""
        base_fee = header_of(self._read("eth_getBlockByNumber", "latest", False)).base_fee_per_gas
        if base_fee == 0:
            return 0, 0
        if base_fee is None:
            price = integer(self._read("eth_gasPrice"))
            return price, price
        try:
            tip = integer(self._ask("eth_maxPriorityFeePerGas"))
        except Answered:
            tip = (
                _GWEI  # no such method: with less, other nodes' pools may not take it from the one we are connected to
            )
        return 2 * base_fee + tip, tip

    def send_raw_transaction(self, raw: bytes) -> Hash32:
        transaction_hash = keccak(raw)
        try:
            self._ask("eth_sendRawTransaction", hexadecimal(raw))
        except Answered as answer:
            # Whatever the words, a client that knows these very bytes has taken them.
            if not refusals.is_known_already(answer) and not self._knows(transaction_hash):
                raise refusals.of_transaction(answer) from None
        self._heads.hurry()
        return transaction_hash

    def _knows(self, transaction_hash: Hash32) -> bool:
        return self._read("eth_getTransactionByHash", hexadecimal(transaction_hash)) is not None

    # LISTENING

    def on_new_head(self, listener: Callable[[Header], None]) -> Callable[[], None]:
        """As ChainBackend says, none skipped. Over HTTP heads are polled for, at once after a transaction was sent."""
        return self._heads.subscribe(listener)

    def close(self) -> None:
        self._connection.close()
        self._heads.stop()

    # ASKING

    def _ask(self, method: str, *params: Any) -> Any:
        self._heads.identify()
        return self._connection.ask(method, *params)

    def _read(self, method: str, *params: Any) -> Any:
        try:
            return self._ask(method, *params)
        except Answered as answer:
            raise refusals.of_read(answer) from None

    def _read_many(self, questions: Sequence[Question]) -> list[Any]:
        self._heads.identify()
        try:
            return self._connection.ask_many(questions)
        except Answered as answer:
            raise refusals.of_read(answer) from None


def _named(at: BlockRef) -> str:
    return hexadecimal(at) if isinstance(at, bytes) else str(at)


def _wanted(query: LogFilter, log: Log) -> bool:
    if query.addresses and log.address not in query.addresses:
        return False
    if len(query.topics) > len(log.topics):
        return False
    return all(wanted is None or topic in wanted for wanted, topic in zip(query.topics, log.topics, strict=False))
