"""Blocks, transactions, receipts and raw bytes, put together from the store's rows."""

from collections.abc import Iterator
from dataclasses import replace

from ledger_node.chain import wire
from ledger_node.chain.blocks import Block, BlockRef, Hash32, Header, Log, Receipt, Transaction
from ledger_node.chain.encoding import keccak, rlp_split
from ledger_node.chain.errors import BlockNotFound
from ledger_node.chain.pyevm.logs import block_logs
from ledger_node.chain.pyevm.rows import BlockRow, LogRow, TransactionRow
from ledger_node.chain.pyevm.store import Store
from ledger_node.chain.pyevm.unkept import Unkept

_EMPTY_LIST = b"\xc0"


def find_header(store: Store, head: Header, at: BlockRef) -> Header:
    """Raises BlockNotFound. Every block is final once it is here; what is pending builds on the newest."""
    if isinstance(at, str):
        return _genesis(store) if at == "earliest" else head
    number = store.number(at) if isinstance(at, bytes) else at
    header = head if number == head.number else None if number is None else store.header(number)
    if header is None or header.number > head.number:
        shown = f"0x{at.hex()}" if isinstance(at, bytes) else str(at)
        raise BlockNotFound(f"There is no block {shown}; the newest is {head.number}.")
    return header


def _genesis(store: Store) -> Header:
    header = store.header(0)
    assert header is not None
    return header


def mined(store: Store | Unkept, row: TransactionRow, header: Header, position: int) -> Transaction:
    with store.reading_into():
        decoded = wire.decode_transaction(row.raw, row.sender)
    return replace(
        decoded,
        block_number=header.number,
        block_hash=header.hash,
        index=position,
        block_timestamp=header.timestamp,
    )


def block(store: Store, header: Header) -> Block:
    row = _row(store, header)
    with store.reading_into():
        withdrawals = None if row.withdrawals is None else wire.decode_withdrawals(row.withdrawals)
        ommers = tuple(keccak(ommer) for ommer in rlp_split(row.ommers)[0])
    return Block(
        header=header,
        transactions=tuple(
            mined(store, transaction, header, position)
            for position, transaction in enumerate(store.transactions(header.number))
        ),
        size=row.size,
        withdrawals=withdrawals,
        ommers=ommers,
    )


def raw_block(store: Store, header: Header) -> bytes:
    row = _row(store, header)
    raw = tuple(transaction.raw for transaction in store.transactions(header.number))
    with store.reading_into():
        return wire.encode_block(wire.RawBlock(header, raw, row.ommers, row.withdrawals))


def raw_blocks(store: Store, head: Header, first: int, last: int) -> Iterator[bytes]:
    """Raises BlockNotFound before the first when there is no block `last`."""
    if last > head.number:
        raise BlockNotFound(f"There is no block {last}; the newest is {head.number}.")
    return (raw_block(store, find_header(store, head, number)) for number in range(first, last + 1))


def genesis_row(header: Header) -> BlockRow:
    """Block 0; whether it has a list of withdrawals, an empty one, its header says."""
    raw = wire.RawBlock(header, (), _EMPTY_LIST, None if header.withdrawals_root is None else _EMPTY_LIST)
    return BlockRow(header, raw.ommers, raw.withdrawals, len(wire.encode_block(raw)))


def _row(store: Store, header: Header) -> BlockRow:
    # What earlier releases kept of block 0 beside its header was wrong.
    row = genesis_row(header) if header.number == 0 else store.block(header)
    if row is None:
        raise BlockNotFound(f"Block {header.number} is no longer here.")
    return row


def receipts(store: Store | Unkept, header: Header) -> tuple[Receipt, ...]:
    logs = store.logs(header.number) if isinstance(store, Unkept) else block_logs(store, header.number)
    by_position: dict[int, list[tuple[int, LogRow]]] = {}
    for index, log in enumerate(logs):
        by_position.setdefault(log.position, []).append((index, log))
    return tuple(
        _receipt(store, row, header, position, by_position.get(position, []))
        for position, row in enumerate(store.transactions(header.number))
    )


def receipt(store: Store, header: Header, position: int) -> Receipt:
    found = [(index, log) for index, log in enumerate(block_logs(store, header.number)) if log.position == position]
    return _receipt(store, store.transaction(header.number, position), header, position, found)


def _receipt(
    store: Store | Unkept, row: TransactionRow, header: Header, position: int, logs: list[tuple[int, LogRow]]
) -> Receipt:
    with store.reading_into():
        kind, recipient = wire.kind_and_recipient(row.raw)
    bloom = wire.logs_bloom([(log.address, log.topics, log.data) for _, log in logs])
    return Receipt(
        transaction_hash=row.hash,
        transaction_index=position,
        block_number=header.number,
        block_hash=header.hash,
        type=kind,
        sender=row.sender,
        to=recipient,
        contract_address=row.contract,
        succeeded=row.outcome == b"\x01",
        gas_used=row.gas_used,
        cumulative_gas_used=row.cumulative_gas_used,
        effective_gas_price=row.price,
        logs_bloom=bloom.to_bytes(256, "big"),
        logs=tuple(_log(log, index, row.hash, header) for index, log in logs),
        state_root=row.outcome if len(row.outcome) == 32 else None,
    )


def _log(log: LogRow, index: int, transaction_hash: Hash32, header: Header) -> Log:
    return Log(
        address=log.address,
        topics=log.topics,
        data=log.data,
        block_number=header.number,
        block_hash=header.hash,
        block_timestamp=header.timestamp,
        transaction_hash=transaction_hash,
        transaction_index=log.position,
        log_index=index,
    )


def raw_receipts(store: Store, header: Header) -> tuple[bytes, ...]:
    return tuple(
        wire.encode_receipt(
            kind=found.type,
            outcome=found.state_root if found.state_root is not None else b"\x01" if found.succeeded else b"",
            cumulative_gas_used=found.cumulative_gas_used,
            bloom=int.from_bytes(found.logs_bloom, "big"),
            logs=[(log.address, log.topics, log.data) for log in found.logs],
        )
        for found in receipts(store, header)
    )
