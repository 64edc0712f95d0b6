"""What the token's state says at a block, read from its storage words: one storage read each, no EVM run.

The layout is the contract's own (contracts/src/token/AccountWord.sol); tests compare each read with its answer.
"""

from dataclasses import dataclass

from ledger_node.chain.backend import ChainBackend
from ledger_node.chain.blocks import Address, BlockRef, Call, Hash32
from ledger_node.chain.encoding import keccak
from ledger_node.deposit_token.artifact import deposit_token

ACCOUNTS = int.from_bytes(keccak(b"ledger-node.deposit-token.accounts")[:12], "big") << 160


@dataclass(frozen=True, slots=True)
class AccountState:
    """`locked` is frozen by order plus held; `status`: 0 not registered, 1 active, 2 suspended, 3 frozen, 4 closed."""

    balance: int
    locked: int
    member_id: int
    status: int
    self_custody: bool

    @property
    def available(self) -> int:
        return max(0, self.balance - self.locked)


@dataclass(frozen=True, slots=True)
class Totals:
    """Supply, the reserve last attested, and the ledger sequence that attestation was made at."""

    supply: int
    attested_reserve: int
    ledger_sequence: int


def account_state(chain: ChainBackend, token: Address, account: Address, at: BlockRef = "latest") -> AccountState:
    word = chain.storage(token, ACCOUNTS | int.from_bytes(account, "big"), at)
    standing = word >> 152 & 0xFF
    return AccountState(
        balance=word >> 160,
        locked=word & (1 << 96) - 1,
        member_id=word >> 120 & 0xFFFFFFFF,
        status=standing & 0x7F,
        self_custody=standing >= 0x80,
    )


def balance_of(chain: ChainBackend, token: Address, account: Address, at: BlockRef = "latest") -> int:
    return account_state(chain, token, account, at).balance


def totals(chain: ChainBackend, token: Address, at: BlockRef = "latest") -> Totals:
    word = chain.storage(token, deposit_token().storage_slots["_totals"], at)
    mask = (1 << 96) - 1
    return Totals(supply=word & mask, attested_reserve=word >> 96 & mask, ledger_sequence=word >> 192)


def is_paused(chain: ChainBackend, token: Address, at: BlockRef = "latest") -> bool:
    return chain.storage(token, deposit_token().storage_slots["_paused"], at) != 0


def settled_at(chain: ChainBackend, token: Address, batch_id: Hash32, at: BlockRef = "latest") -> int | None:
    """The block that settled a batch, or None while the id is not used."""
    slot = keccak(batch_id + deposit_token().storage_slots["settledAt"].to_bytes(32, "big"))
    return chain.storage(token, int.from_bytes(slot, "big"), at) or None


def held_of(chain: ChainBackend, token: Address, account: Address, at: BlockRef = "latest") -> int:
    """What is held of an account; the rest of what is locked is frozen by order."""
    key = account.rjust(32, b"\0") + deposit_token().storage_slots["_held"].to_bytes(32, "big")
    return chain.storage(token, int.from_bytes(keccak(key), "big"), at)


def authorization_used(chain: ChainBackend, token: Address, payer: Address, nonce: Hash32) -> bool:
    """Whether a payer's authorisation nonce (ERC-3009) was used or canceled."""
    data = deposit_token().call("authorizationState", payer, nonce)
    used: bool = deposit_token().returned("authorizationState", chain.call(Call(to=token, data=data)))[0]
    return used
