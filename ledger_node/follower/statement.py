"""A member's statement against the chain, line by line: what `GET /v1/accounts/{id}/entries` gives, and an address.

A line is right when the chain has its transfer at that block, transaction and log index, of that amount, in that
direction, by a token that `is_token` knows, and the balance after it is what all transfers so far come to. Transfers
of the account between the first and the last line that no line names are told too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Address, Log, LogFilter
from ledger_node.chain.encoding import keccak
from ledger_node.errors import ConfigurationError

TRANSFER = keccak(b"Transfer(address,address,uint256)")
Place = tuple[int, int]
"""Block number and log index."""


@dataclass(frozen=True, slots=True)
class WrongLine:
    """`sequence` is the line's own number, or None for a transfer that no line names."""

    sequence: int | None
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Movement:
    log: Log
    amount: int
    balance: int


def check_statement(
    chain: ChainBackend, document: Any, is_token: Callable[[Address], bool]
) -> tuple[int, list[WrongLine]]:
    """How many lines there are, and what is wrong with them. Raises ConfigurationError when it is no statement."""
    address, lines = _read(document)
    if not lines:
        return 0, []
    token = _token_of(chain, lines[0])
    if token is None or not is_token(token):
        return len(lines), [
            WrongLine(lines[0]["sequence"], "log_index", "There is no deposit token's log at its place.")
        ]
    movements = _movements(chain, token, address)
    wrong = [fault for line in lines for fault in _check(line, movements.get(_place(line)))]
    named = {_place(line) for line in lines}
    wrong += [
        WrongLine(None, "missing", f"No line names the transfer in block {place[0]}, log {place[1]}.")
        for place in sorted(movements)
        if min(named) < place < max(named) and place not in named
    ]
    return len(lines), wrong


def _read(document: Any) -> tuple[Address, list[dict[str, Any]]]:
    try:
        address = bytes.fromhex(document["address"].removeprefix("0x"))
        lines = sorted(document["data"], key=lambda line: int(line["sequence"]))
        if len(address) != 20:
            raise ValueError("the address is not 20 bytes")
        for line in lines:
            _place(line), _minor(line["amount"]), _minor(line["balance"]), line["direction"], line["transaction_hash"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"This is no statement of a BDA ({error!r}): it needs `address`, and `data` as entries have it."
        ) from None
    return address, lines


def _place(line: dict[str, Any]) -> Place:
    return int(line["block_number"]), int(line["log_index"])


def _minor(text: str) -> int:
    """A decimal string with all of its currency's digits, in minor units."""
    return int(text.replace(".", "", 1))


def _token_of(chain: ChainBackend, line: dict[str, Any]) -> Address | None:
    number, index = _place(line)
    if number > chain.head().number:
        return None
    logs = chain.logs(LogFilter(first=number, last=number))
    return next((log.address for log in logs if log.log_index == index), None)


def _movements(chain: ChainBackend, token: Address, account: Address) -> dict[Place, _Movement]:
    """Every transfer of the account with its balance after it, from genesis on."""
    word = account.rjust(32, b"\0")
    head = chain.head().number
    logs: dict[Place, Log] = {}
    for topics in (((TRANSFER,), (word,)), ((TRANSFER,), None, (word,))):
        for log in chain.logs(LogFilter(first=0, last=head, addresses=(token,), topics=topics)):
            logs[log.block_number, log.log_index] = log
    balance = 0
    movements: dict[Place, _Movement] = {}
    for place, log in sorted(logs.items()):
        amount = int.from_bytes(log.data, "big")
        balance += amount * (log.topics[2] == word) - amount * (log.topics[1] == word)
        movements[place] = _Movement(log, amount if log.topics[2] == word else -amount, balance)
    return movements


def _check(line: dict[str, Any], movement: _Movement | None) -> list[WrongLine]:
    sequence = int(line["sequence"])
    if movement is None:
        number, index = _place(line)
        return [WrongLine(sequence, "log_index", f"The account has no transfer in block {number}, log {index}.")]
    expected = {
        "transaction_hash": f"0x{movement.log.transaction_hash.hex()}",
        "amount": abs(movement.amount),
        "direction": "CRDT" if movement.amount > 0 else "DBIT",
        "balance": movement.balance,
    }
    said = {
        "transaction_hash": line["transaction_hash"],
        "amount": _minor(line["amount"]),
        "direction": line["direction"],
        "balance": _minor(line["balance"]),
    }
    return [
        WrongLine(sequence, field, f"It says {said[field]}, the chain says {expected[field]}.")
        for field in expected
        if said[field] != expected[field]
    ]
