"""Our fork: what makes a transaction and a header valid on a network of ours. Judged alike on production and on import.

Prague, and these differences: the base fee is zero for ever; a timestamp may equal its parent's and is never lower;
there are no blob transactions, withdrawals or validator requests; the gas limit is the genesis's; a block carries the
signature of the one authorised sealer (proof of authority); and who may transact and deploy is asked at the parent's
state. The seal lies in two header fields every client knows: extra-data is r, mix-hash is s with the recovery bit on
top (EIP-2098), over the hash of the header without the two.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from ledger_node.chain import tries
from ledger_node.chain.blocks import Address, Hash32, Header, Transaction
from ledger_node.chain.encoding import EMPTY_HASH, EMPTY_LIST_HASH, EMPTY_TRIE_ROOT, keccak
from ledger_node.chain.errors import (
    GasLimitTooHigh,
    InsufficientBalanceForGas,
    IntrinsicGasTooLow,
    InvalidBlock,
    InvalidTransaction,
    NonceTooHigh,
    NonceTooLow,
    NotPermitted,
)
from ledger_node.chain.genesis import NO_REQUESTS_HASH, Genesis
from ledger_node.chain.pyevm.creation import INITCODE_MAX
from ledger_node.chain.pyevm.forks import NETWORK, Fork
from ledger_node.chain.pyevm.world import NEW_ACCOUNT, Account, World, read_account, read_slot
from ledger_node.chain.wire import SECP256K1_N, BadSignature, encode_header, hashed, recover
from ledger_node.keys import Signer

_DELEGATED = b"\xef\x01\x00"
BLOB_TRANSACTION = b"\x03"
NO_BLOBS = "transaction type not supported: blob transactions are not part of this network's rules"

# PERMISSIONS


class ParentState:
    """What is asked of the state a block builds on."""

    def __init__(self, root: Hash32, read: tries.ReadNode, read_code: Callable[[Hash32], bytes]) -> None:
        self.root = root
        self.read = read
        self._read_code = read_code
        self._accounts: dict[Address, Account | None] = {}

    def account(self, address: Address) -> Account | None:
        if address not in self._accounts:
            self._accounts[address] = read_account(self.root, address, self.read)
        return self._accounts[address]

    def storage(self, address: Address, slot: int) -> int:
        account = self.account(address)
        return 0 if account is None else read_slot(account[2], slot, self.read)

    def code(self, address: Address) -> bytes:
        code_hash = (self.account(address) or NEW_ACCOUNT)[3]
        return b"" if code_hash == EMPTY_HASH else self._read_code(code_hash)

    def world(self) -> World:
        """For an answer that must be computed by a contract."""
        return World(self.root, self.read, self._read_code)


class Permissions(Protocol):
    """Answers for one block, from its parent's state. None allows; a sentence refuses and says why.

    As long as it is the same object, it gives the same answers.
    """

    @property
    def sealer(self) -> Address | None:
        """Who may seal the block, or None where the genesis says it for ever."""

    def refusal_to_transact(self, sender: Address, to: Address | None, value: int, data: bytes) -> str | None: ...

    def refusal_to_deploy(self, sender: Address) -> str | None:
        """Of creation by transaction, or by CREATE and CREATE2 at any depth in a transaction of `sender`."""

    def refusal_to_delegate(self, authority: Address, delegate: Address) -> str | None:
        """Of an EIP-7702 delegation by `authority`.

        One that is refused when it is made is skipped, as an invalid one is; one that is refused when the account is
        called is not followed: the account has no code then.
        """


class Everyone:
    """A network without permissions."""

    sealer = None

    def refusal_to_transact(self, sender: Address, to: Address | None, value: int, data: bytes) -> str | None:
        return None

    def refusal_to_deploy(self, sender: Address) -> str | None:
        return None

    def refusal_to_delegate(self, authority: Address, delegate: Address) -> str | None:
        return None


_EVERYONE = Everyone()


def everyone(_: ParentState) -> Permissions:
    return _EVERYONE


class ChainRules(Protocol):
    """What answering questions and letting transactions in needs to know, on any chain."""

    @property
    def chain_id(self) -> int: ...

    @property
    def fork(self) -> Fork:
        """What new transactions are judged by."""

    @property
    def transaction_gas_max(self) -> int: ...

    @property
    def permissions_at(self) -> Callable[[ParentState], Permissions]: ...

    def fork_at(self, header: Header) -> Fork: ...

    @property
    def attestors(self) -> tuple[Address, ...]: ...

    @property
    def quorum(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """A network's rules. `permissions_at` is asked once per block, with the parent's state.

    `fork` runs the code; its computation class may be a faster one that comes to the same to the last unit of gas.
    """

    genesis: Genesis
    permissions_at: Callable[[ParentState], Permissions] = everyone
    fork: Fork = NETWORK

    @property
    def chain_id(self) -> int:
        return self.genesis.chain_id

    @property
    def transaction_gas_max(self) -> int:
        return min(self.genesis.rules.transaction_gas_max, self.genesis.gas_limit)

    def fork_at(self, header: Header) -> Fork:
        return self.fork

    @property
    def attestors(self) -> tuple[Address, ...]:
        return self.genesis.attestors

    @property
    def quorum(self) -> int:
        return self.genesis.quorum

    def authorised_sealer(self, parent: ParentState) -> Address:
        """Who may seal the block after `parent`."""
        return self.permissions_at(parent).sealer or self.genesis.sealer


# TRANSACTIONS


def fee_cap(transaction: Transaction) -> int:
    """The most it pays for a unit of gas."""
    cap = transaction.gas_price if transaction.max_fee_per_gas is None else transaction.max_fee_per_gas
    assert cap is not None
    return cap


def effective_price(transaction: Transaction, base_fee: int = 0) -> int:
    """What it pays for a unit of gas; all above the base fee goes to the sealer."""
    if transaction.max_priority_fee_per_gas is None:
        return fee_cap(transaction)
    return min(fee_cap(transaction), transaction.max_priority_fee_per_gas + base_fee)


def next_base_fee(parent: Header) -> int | None:
    """What EIP-1559 asks of the block after `parent`; None where the chain knows no base fee."""
    fee, target = parent.base_fee_per_gas, parent.gas_limit // 2
    if fee is None or parent.gas_used == target:
        return fee  # the target is zero where somebody simulates a gas limit of zero
    change = fee * abs(parent.gas_used - target) // target // 8
    return fee + max(change, 1) if parent.gas_used > target else fee - change


def total_cost(transaction: Transaction) -> int:
    return transaction.gas * fee_cap(transaction) + transaction.value


def check_transaction(rules: ChainRules, transaction: Transaction) -> None:
    """What can be said without any state. Raises InvalidTransaction."""
    tx = transaction
    if tx.type == 3:
        raise InvalidTransaction(NO_BLOBS)
    if tx.chain_id is not None and tx.chain_id != rules.chain_id:
        raise InvalidTransaction(f"invalid chain id for signer: have {tx.chain_id} want {rules.chain_id}")
    if tx.s > SECP256K1_N // 2:
        raise InvalidTransaction("invalid sender: invalid transaction v, r, s values (s must be in the lower half)")
    if tx.nonce == 2**64 - 1:
        raise InvalidTransaction("nonce has max value: 18446744073709551615")
    if tx.max_priority_fee_per_gas is not None and tx.max_priority_fee_per_gas > fee_cap(tx):
        raise InvalidTransaction(
            "max priority fee per gas higher than max fee per gas: "
            f"maxPriorityFeePerGas: {tx.max_priority_fee_per_gas}, maxFeePerGas: {fee_cap(tx)}"
        )
    if total_cost(tx) >= 2**256:
        raise InsufficientBalanceForGas("insufficient funds for gas * price + value: required balance exceeds 256 bits")
    if tx.to is None and len(tx.data) > INITCODE_MAX:
        raise InvalidTransaction(f"max initcode size exceeded: code size {len(tx.data)} limit {INITCODE_MAX}")
    if tx.type == 4 and not tx.authorization_list:
        raise InvalidTransaction("EIP-7702 transaction with empty auth list")
    if tx.gas > rules.transaction_gas_max:
        raise GasLimitTooHigh(f"exceeds block gas limit: have {tx.gas}, at most {rules.transaction_gas_max} here")
    if tx.gas < (needed := rules.fork.intrinsic_gas(tx)):
        raise IntrinsicGasTooLow(f"intrinsic gas too low: gas {tx.gas}, minimum needed {needed}")
    if tx.gas < (needed := rules.fork.floor_gas(tx)):
        raise IntrinsicGasTooLow(f"insufficient gas for floor data gas cost: gas {tx.gas}, minimum needed {needed}")


def check_sender(transaction: Transaction, account: Account | None, code: bytes) -> None:
    """What its sender's account says, apart from the nonce. Raises InvalidTransaction."""
    _, balance, _, _ = account or NEW_ACCOUNT
    if code and not code.startswith(_DELEGATED):
        raise InvalidTransaction(f"sender not an eoa: address 0x{transaction.sender.hex()} has code (EIP-3607)")
    if balance < (cost := total_cost(transaction)):
        raise InsufficientBalanceForGas(
            f"insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, overshot {cost - balance}"
        )


def check_nonce(transaction: Transaction, expected: int) -> None:
    if transaction.nonce < expected:
        raise NonceTooLow(f"nonce too low: next nonce {expected}, tx nonce {transaction.nonce}")
    if transaction.nonce > expected:
        raise NonceTooHigh(f"nonce too high: next nonce {expected}, tx nonce {transaction.nonce}")


def check_permissions(permissions: Permissions, transaction: Transaction) -> None:
    """Raises NotPermitted."""
    tx = transaction
    reason = permissions.refusal_to_transact(tx.sender, tx.to, tx.value, tx.data)
    if reason is not None:
        raise _not_permitted(reason, tx)
    check_deployment(permissions, tx)


def check_deployment(permissions: Permissions, transaction: Transaction) -> None:
    """Raises NotPermitted where it creates a contract and its sender may not."""
    reason = permissions.refusal_to_deploy(transaction.sender) if transaction.to is None else None
    if reason is not None:
        raise _not_permitted(reason, transaction)


def _not_permitted(reason: str, transaction: Transaction) -> NotPermitted:
    return NotPermitted(f"transaction not permitted: {reason}", sender=transaction.sender)


# SEALS


def sealing_digest(header: Header) -> Hash32:
    return keccak(encode_header(replace(header, extra_data=b"", mix_hash=bytes(32))))


def seal(header: Header, signer: Signer) -> Header:
    y_parity, r, s = signer.sign(sealing_digest(header))
    return hashed(replace(header, extra_data=r.to_bytes(32, "big"), mix_hash=(y_parity << 255 | s).to_bytes(32, "big")))


def sealer_of(header: Header) -> Address:
    """Who sealed it. Raises BadSignature where nobody did."""
    y_parity_and_s = int.from_bytes(header.mix_hash, "big")
    s = y_parity_and_s & (1 << 255) - 1
    if len(header.extra_data) != 32 or s > SECP256K1_N // 2:
        raise BadSignature("the seal is not 64 bytes of a compact signature")
    return recover(sealing_digest(header), y_parity_and_s >> 255, int.from_bytes(header.extra_data, "big"), s)


# HEADERS


def check_header(rules: Rules, header: Header, parent: Header, parent_state: ParentState, *, now_s: int) -> None:
    """All of a header that can be judged before its transactions are executed. Raises InvalidBlock."""
    _same("parent_hash", header.parent_hash, parent.hash)
    _same("number", header.number, parent.number + 1)
    if header.timestamp < parent.timestamp:
        raise _invalid("timestamp", f"{header.timestamp} is lower than its parent's {parent.timestamp}")
    latest = now_s + rules.genesis.rules.future_limit_s
    if header.timestamp > latest:
        raise _invalid("timestamp", f"{header.timestamp} is in the future; this node's clock allows {latest} at most")
    _same("gas_limit", header.gas_limit, rules.genesis.gas_limit)
    _same("difficulty", header.difficulty, 0)
    _same("nonce", header.nonce, bytes(8))
    _same("ommers_hash", header.ommers_hash, EMPTY_LIST_HASH)
    _same("base_fee_per_gas", header.base_fee_per_gas, 0)
    _same("withdrawals_root", header.withdrawals_root, EMPTY_TRIE_ROOT)
    _same("blob_gas_used", header.blob_gas_used, 0)
    _same("excess_blob_gas", header.excess_blob_gas, 0)
    _same("parent_beacon_block_root", header.parent_beacon_block_root, bytes(32))
    _same("requests_hash", header.requests_hash, NO_REQUESTS_HASH)
    check_seal(rules, header, parent_state)


def check_seal(rules: Rules, header: Header, parent_state: ParentState) -> None:
    """That the sealer of this height sealed it. Raises InvalidBlock."""
    sealer = rules.authorised_sealer(parent_state)
    _same("coinbase", header.coinbase, sealer)
    try:
        found = sealer_of(header)
    except BadSignature as error:
        raise _invalid("seal", str(error)) from None
    _same("seal", found, sealer)


def compare_headers(header: Header, executed: Header) -> None:
    """A block's header against what executing it gave. Raises InvalidBlock."""
    for field in ("transactions_root", "gas_used", "receipts_root", "logs_bloom", "state_root"):
        _same(field, getattr(header, field), getattr(executed, field))


def _same(field: str, found: object, expected: object) -> None:
    if found != expected:
        raise _invalid(field, f"{_shown(found)} should be {_shown(expected)}")


def _invalid(field: str, what: str) -> InvalidBlock:
    return InvalidBlock(f"The block is not valid: {field} {what}.", field=field)


def _shown(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
