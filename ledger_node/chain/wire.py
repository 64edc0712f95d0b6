"""Headers, blocks, transactions and receipts as bytes on the wire and back: what every Ethereum client agrees on.

Decoding is strict and checks shape only (lengths, canonical integers, signature ranges); whether a transaction or block
obeys a network's rules is the engine's business. Knows no state and no store.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from coincurve import PublicKey

from ledger_node.chain.blocks import Address, Authorization, Hash32, Header, Transaction
from ledger_node.chain.encoding import (
    NotCanonical,
    Rlp,
    as_bytes,
    as_int,
    as_list,
    int_bytes,
    keccak,
    rlp_decode,
    rlp_encode,
    rlp_list,
    rlp_split,
)

SECP256K1_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class BadSignature(NotCanonical):
    """r or s out of range, or no public key recovers."""


# SIGNATURES


def recover(digest: bytes, y_parity: int, r: int, s: int) -> Address:
    """The address whose key signed a 32-byte digest. Raises BadSignature."""
    if not (0 < r < SECP256K1_N and 0 < s < SECP256K1_N and y_parity in (0, 1)):
        raise BadSignature("invalid transaction v, r, s values")
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((y_parity,))
    try:
        public_key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception as error:  # coincurve raises bare Exception and ValueError
        raise BadSignature("invalid signature: no public key recovers from it") from error
    return keccak(public_key.format(compressed=False)[1:])[12:]


def authority(authorization: Authorization) -> Address:
    """Who signed an EIP-7702 authorization. Raises BadSignature, also for a high s."""
    if authorization.s > SECP256K1_N // 2:
        raise BadSignature("the authorization's s is high")
    message = rlp_encode([int_bytes(authorization.chain_id), authorization.address, int_bytes(authorization.nonce)])
    return recover(keccak(b"\x05" + message), authorization.y_parity, authorization.r, authorization.s)


# TRANSACTIONS


def decode_transaction(raw: bytes, sender: Address | None = None) -> Transaction:
    """A signed transaction from its EIP-2718 envelope. `sender`, where known already, saves recovering it.

    Raises NotCanonical (BadSignature where only the signature is wrong) with a reason a developer can act on.
    """
    if not raw:
        raise NotCanonical("the transaction is empty")
    if raw[0] >= 0xC0:
        return _decode_legacy(raw, sender)
    if raw[0] not in _FIELD_COUNT:
        raise NotCanonical(f"transaction type {raw[0]} is not supported")
    return _decode_typed(raw, sender)


def _decode_legacy(raw: bytes, sender: Address | None) -> Transaction:
    fields = as_list(rlp_decode(raw), 9)
    v, r, s = as_int(fields[6], bits=64), as_int(fields[7]), as_int(fields[8])
    if v in (27, 28):
        chain_id, y_parity, unsigned = None, v - 27, fields[:6]
    elif v >= 35:
        chain_id, y_parity = (v - 35) // 2, (v - 35) % 2
        unsigned = [*fields[:6], int_bytes(chain_id), b"", b""]
    else:
        raise BadSignature("invalid transaction v, r, s values")
    price = as_int(fields[1])
    return Transaction(
        hash=keccak(raw),
        type=0,
        chain_id=chain_id,
        nonce=as_int(fields[0], bits=64),
        sender=sender if sender is not None else recover(keccak(rlp_encode(unsigned)), y_parity, r, s),
        to=_recipient(fields[3], may_create=True),
        value=as_int(fields[4]),
        data=as_bytes(fields[5]),
        gas=as_int(fields[2], bits=64),
        gas_price=price,
        max_fee_per_gas=None,
        max_priority_fee_per_gas=None,
        access_list=None,
        authorization_list=None,
        v=v,
        r=r,
        s=s,
        raw=raw,
    )


_FIELD_COUNT = {1: 11, 2: 12, 3: 14, 4: 13}


def _decode_typed(raw: bytes, sender: Address | None) -> Transaction:
    kind = raw[0]
    fields = as_list(rlp_decode(raw[1:]), _FIELD_COUNT[kind])
    *unsigned, v_field, r_field, s_field = fields
    y_parity, r, s = as_int(v_field, bits=8), as_int(r_field), as_int(s_field)
    if y_parity > 1:
        raise BadSignature("invalid transaction v, r, s values")
    if sender is None:
        sender = recover(keccak(raw[:1] + rlp_encode(unsigned)), y_parity, r, s)
    # Types 2 to 4 name two fees where type 1 names a gas price.
    after_fees = 3 if kind == 1 else 4
    fees = [as_int(field) for field in unsigned[2:after_fees]]
    gas, to, value, data, access_list, *extra = unsigned[after_fees:]
    return Transaction(
        hash=keccak(raw),
        type=kind,
        chain_id=as_int(unsigned[0]),
        nonce=as_int(unsigned[1], bits=64),
        sender=sender,
        to=_recipient(to, may_create=kind in (1, 2)),
        value=as_int(value),
        data=as_bytes(data),
        gas=as_int(gas, bits=64),
        gas_price=fees[0] if kind == 1 else None,
        max_fee_per_gas=None if kind == 1 else fees[1],
        max_priority_fee_per_gas=None if kind == 1 else fees[0],
        access_list=_access_list(access_list),
        authorization_list=_authorizations(extra[0]) if kind == 4 else None,
        v=y_parity,
        r=r,
        s=s,
        raw=raw,
        max_fee_per_blob_gas=as_int(extra[0]) if kind == 3 else None,
        blob_versioned_hashes=tuple(as_bytes(h, 32) for h in as_list(extra[1])) if kind == 3 else None,
    )


def kind_and_recipient(raw: bytes) -> tuple[int, Address | None]:
    """Of an envelope that was decoded before: its type, and whom it is to; the rest is not looked at."""
    kind = raw[0] if raw[0] < 0xC0 else 0
    items, _ = rlp_split(raw if kind == 0 else raw[1:])
    to = items[3 if kind == 0 else 4 if kind == 1 else 5]
    return kind, to[1:] or None


def encode_transaction(transaction: Transaction) -> bytes:
    """The EIP-2718 envelope of its fields, with the signature it has (`hash` and `raw` are not looked at)."""
    tx = transaction
    to = b"" if tx.to is None else tx.to
    signature = [int_bytes(tx.v), int_bytes(tx.r), int_bytes(tx.s)]
    if tx.type == 0:
        price = int_bytes(tx.gas_price or 0)
        return rlp_encode([int_bytes(tx.nonce), price, int_bytes(tx.gas), to, int_bytes(tx.value), tx.data, *signature])
    fees = [tx.gas_price or 0] if tx.type == 1 else [tx.max_priority_fee_per_gas or 0, tx.max_fee_per_gas or 0]
    access_list = [[address, [slot.to_bytes(32, "big") for slot in slots]] for address, slots in tx.access_list or ()]
    extra: list[Rlp] = []
    if tx.type == 3:
        extra = [int_bytes(tx.max_fee_per_blob_gas or 0), list(tx.blob_versioned_hashes or ())]
    if tx.type == 4:
        extra = [[_authorization_fields(entry) for entry in tx.authorization_list or ()]]
    fields = [int_bytes(tx.chain_id or 0), int_bytes(tx.nonce), *map(int_bytes, fees), int_bytes(tx.gas), to]
    return bytes((tx.type,)) + rlp_encode([*fields, int_bytes(tx.value), tx.data, access_list, *extra, *signature])


def _authorization_fields(entry: Authorization) -> Rlp:
    numbers = (entry.nonce, entry.y_parity, entry.r, entry.s)
    return [int_bytes(entry.chain_id), entry.address, *map(int_bytes, numbers)]


def encode_withdrawals(withdrawals: Sequence[tuple[int, int, Address, int]]) -> list[bytes]:
    return [
        rlp_encode([int_bytes(index), int_bytes(validator), address, int_bytes(amount)])
        for index, validator, address, amount in withdrawals
    ]


def _recipient(item: Rlp, *, may_create: bool) -> Address | None:
    to = as_bytes(item)
    if to == b"" and may_create:
        return None
    return as_bytes(to, 20)


def _access_list(item: Rlp) -> tuple[tuple[Address, tuple[int, ...]], ...]:
    entries = []
    for entry in as_list(item):
        address, slots = as_list(entry, 2)
        entries.append(
            (as_bytes(address, 20), tuple(int.from_bytes(as_bytes(slot, 32), "big") for slot in as_list(slots)))
        )
    return tuple(entries)


def _authorizations(item: Rlp) -> tuple[Authorization, ...]:
    entries = []
    for entry in as_list(item):
        chain_id, address, nonce, y_parity, r, s = as_list(entry, 6)
        entries.append(
            Authorization(
                chain_id=as_int(chain_id),
                address=as_bytes(address, 20),
                nonce=as_int(nonce, bits=64),
                y_parity=as_int(y_parity, bits=8),
                r=as_int(r),
                s=as_int(s),
            )
        )
    return tuple(entries)


# HEADERS

_LAST_FIELDS = (
    "base_fee_per_gas",
    "withdrawals_root",
    "blob_gas_used",
    "excess_blob_gas",
    "parent_beacon_block_root",
    "requests_hash",
)
"""What forks since London appended, in order; `_LENGTHS` holds 32 for a hash, None for an integer."""
_LENGTHS = (None, 32, None, None, 32, 32)


def encode_header(header: Header) -> bytes:
    fields = [
        header.parent_hash,
        header.ommers_hash,
        header.coinbase,
        header.state_root,
        header.transactions_root,
        header.receipts_root,
        header.logs_bloom,
        int_bytes(header.difficulty),
        int_bytes(header.number),
        int_bytes(header.gas_limit),
        int_bytes(header.gas_used),
        int_bytes(header.timestamp),
        header.extra_data,
        header.mix_hash,
        header.nonce,
    ]
    for name in _LAST_FIELDS:
        value = getattr(header, name)
        if value is None:
            break
        fields.append(value if isinstance(value, bytes) else int_bytes(value))
    return rlp_encode(fields)


def header_hash(header: Header) -> Hash32:
    """The hash of its content; `header.hash` itself is not looked at."""
    return keccak(encode_header(header))


def hashed(header: Header) -> Header:
    return replace(header, hash=header_hash(header))


def decode_header(raw: bytes) -> Header:
    """Raises NotCanonical."""
    fields = as_list(rlp_decode(raw))
    if not 15 <= len(fields) <= 15 + len(_LAST_FIELDS):
        raise NotCanonical(f"a header of {len(fields)} fields is not known")
    last: dict[str, bytes | int] = {}
    for name, length, item in zip(_LAST_FIELDS, _LENGTHS, fields[15:], strict=False):
        last[name] = as_int(item) if length is None else as_bytes(item, length)
    return Header(
        number=as_int(fields[8], bits=64),
        hash=keccak(raw),
        parent_hash=as_bytes(fields[0], 32),
        ommers_hash=as_bytes(fields[1], 32),
        coinbase=as_bytes(fields[2], 20),
        state_root=as_bytes(fields[3], 32),
        transactions_root=as_bytes(fields[4], 32),
        receipts_root=as_bytes(fields[5], 32),
        logs_bloom=as_bytes(fields[6], 256),
        difficulty=as_int(fields[7]),
        gas_limit=as_int(fields[9], bits=64),
        gas_used=as_int(fields[10], bits=64),
        timestamp=as_int(fields[11], bits=64),
        extra_data=as_bytes(fields[12]),
        mix_hash=as_bytes(fields[13], 32),
        nonce=as_bytes(fields[14], 8),
        **last,  # type: ignore[arg-type]
    )


# BLOCKS


@dataclass(frozen=True, slots=True)
class RawBlock:
    """A block taken apart: header, transactions as envelopes, and the encoded lists after them."""

    header: Header
    transactions: tuple[bytes, ...]
    ommers: bytes
    withdrawals: bytes | None


def encode_block(block: RawBlock) -> bytes:
    envelopes = [raw if raw[0] >= 0xC0 else rlp_encode(raw) for raw in block.transactions]
    parts = [encode_header(block.header), rlp_list(envelopes), block.ommers]
    return rlp_list(parts if block.withdrawals is None else [*parts, block.withdrawals])


def decode_block(raw: bytes) -> RawBlock:
    """Raises NotCanonical. The transactions are not looked into."""
    block, rest = split_block(raw)
    if rest:
        raise NotCanonical("bytes follow the block")
    return block


def split_block(data: bytes) -> tuple[RawBlock, bytes]:
    """The first block of a block file, and what follows it."""
    parts, rest = rlp_split(data)
    if not 3 <= len(parts) <= 4:
        raise NotCanonical(f"a block of {len(parts)} parts is not known")
    items, _ = rlp_split(parts[1])
    return (
        RawBlock(
            header=decode_header(parts[0]),
            transactions=tuple(item if item[0] >= 0xC0 else as_bytes(rlp_decode(item)) for item in items),
            ommers=parts[2],
            withdrawals=parts[3] if len(parts) == 4 else None,
        ),
        rest,
    )


def decode_withdrawals(encoded: bytes) -> tuple[tuple[int, int, Address, int], ...]:
    """(index, validator index, address, gwei) of each."""
    return tuple(
        (as_int(index), as_int(validator), as_bytes(address, 20), as_int(amount))
        for index, validator, address, amount in (as_list(entry, 4) for entry in as_list(rlp_decode(encoded)))
    )


# RECEIPTS


@lru_cache(maxsize=65536)
def bloom_bits(value: bytes) -> int:
    """The three bits of a 2048-bit bloom filter that an address or a topic sets."""
    digest = keccak(value)
    return (
        1 << (int.from_bytes(digest[0:2], "big") & 2047)
        | 1 << (int.from_bytes(digest[2:4], "big") & 2047)
        | 1 << (int.from_bytes(digest[4:6], "big") & 2047)
    )


def logs_bloom(logs: Sequence[tuple[Address, Sequence[Hash32], bytes]]) -> int:
    bloom = 0
    for address, topics, _ in logs:
        bloom |= bloom_bits(address)
        for topic in topics:
            bloom |= bloom_bits(topic)
    return bloom


def encode_receipt(
    *,
    kind: int,
    outcome: bytes,
    cumulative_gas_used: int,
    bloom: int,
    logs: Sequence[tuple[Address, Sequence[Hash32], bytes]],
) -> bytes:
    """`outcome` is the status (b"\\x01" or b"") or, before Byzantium, a state root."""
    payload = rlp_list(
        [
            rlp_encode(outcome),
            rlp_encode(int_bytes(cumulative_gas_used)),
            rlp_encode(bloom.to_bytes(256, "big")),
            rlp_list([_encode_log(address, topics, data) for address, topics, data in logs]),
        ]
    )
    return payload if kind == 0 else bytes((kind,)) + payload


def _encode_log(address: Address, topics: Sequence[Hash32], data: bytes) -> bytes:
    # A block of payments has thousands: addresses and topics have one length, so their prefixes are known.
    named = rlp_list([_PREFIX_OF_32 + topic for topic in topics])
    return rlp_list([_PREFIX_OF_20, address, named, rlp_encode(data)])


_PREFIX_OF_20, _PREFIX_OF_32 = b"\x94", b"\xa0"
