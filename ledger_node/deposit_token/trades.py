"""AtomicSettlement as Python sees it: how it is created, trades as calldata, and its logs as plain data.

Knows tokens by their addresses alone, and nothing of why anybody trades. contracts/README.md says what each call does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from eth_abi.abi import decode as decode_abi

from ledger_node.chain.blocks import Address, Hash32, Log
from ledger_node.deposit_token.artifact import atomic_settlement
from ledger_node.deposit_token.calls import Leg

ALREADY_SETTLED = 240
MALFORMED_TRADE = 241
TOKEN_REFUSED = 242
OUT_OF_GAS = 243
"""Codes of a trade beside 0 (settled) and the restriction codes of codes.py; a test holds them to the contract."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What a trade does in one token: transfers of managed accounts, and holds of which the contract is the notary."""

    token: Address
    legs: tuple[Leg, ...] = ()
    holds: tuple[Hash32, ...] = ()


@dataclass(frozen=True, slots=True)
class Trade:
    """All of it settles or none, for at most `gas_limit`. Each token stands in the legs of one movement at most."""

    trade_id: Hash32
    gas_limit: int
    movements: tuple[Movement, ...]


def creation_code(*, admin: Address, settlement: Address, admin_delay_s: int = 2 * 24 * 3600) -> bytes:
    return atomic_settlement().creation(admin_delay_s, admin, settlement)


def settle(trades: Sequence[Trade]) -> bytes:
    return atomic_settlement().call("settle", [_encodable(trade) for trade in trades])


def release_hold(token: Address, hold_id: Hash32) -> bytes:
    return atomic_settlement().call("releaseHold", token, hold_id)


def codes(returned: bytes) -> bytes:
    """One code per trade, from what `settle` returned (to an eth_call: a rehearsal)."""
    answer: bytes = atomic_settlement().returned("settle", returned)[0]
    return answer


def _encodable(trade: Trade) -> tuple[Any, ...]:
    movements = [(each.token, [_words(leg) for leg in each.legs], list(each.holds)) for each in trade.movements]
    return trade.trade_id, trade.gas_limit, movements


def _words(leg: Leg) -> tuple[int, int]:
    encoded = leg.encoded()
    return int.from_bytes(encoded[:32], "big"), int.from_bytes(encoded[32:], "big")


@dataclass(frozen=True, slots=True)
class TradeSettled:
    trade_id: Hash32
    log: Log


@dataclass(frozen=True, slots=True)
class TradeRefused:
    """`token` is who refused, `reason` what it reverted with, cut off after 100 bytes; zeros and nothing when it
    was no token. A reason is a token's own word, which may be another's: `code` is what the contract made of it.
    """

    trade_id: Hash32
    code: int
    token: Address
    reason: bytes
    log: Log


TradeEvent: TypeAlias = TradeSettled | TradeRefused


def decode_trades(logs: Iterable[Log], *, contract: Address) -> Iterator[TradeEvent]:
    """How each trade among `logs` ended, in order."""
    topics = atomic_settlement().topics
    for log in logs:
        if log.address != contract or not log.topics:
            continue
        if log.topics[0] == topics["TradeSettled"]:
            yield TradeSettled(log.topics[1], log)
        elif log.topics[0] == topics["TradeRefused"]:
            yield _refused(log)


def _refused(log: Log) -> TradeRefused:
    code, token, reason = decode_abi(("uint8", "address", "bytes"), log.data)
    return TradeRefused(log.topics[1], code, bytes.fromhex(token[2:]), reason, log)
