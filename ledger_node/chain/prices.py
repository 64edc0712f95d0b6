"""What precompiled contracts cost on a network of ours, as factors of Ethereum's prices, so that gas bounds time.

Nodes that disagreed on a price would part at the first block that pays it, so the genesis commits to this table.
"""

from types import MappingProxyType

from ledger_node.chain.encoding import keccak

PRECOMPILE_FACTORS = MappingProxyType(
    {
        0x06: 4,  # bn128 addition
        0x07: 10,  # bn128 multiplication
        0x08: 20,  # bn128 pairing
        0x09: 16,  # BLAKE2b compression
        0x0B: 1,  # BLS12-381: addition in G1
        0x0C: 16,  # multi-scalar multiplication in G1
        0x0D: 2,  # addition in G2
        0x0E: 40,  # multi-scalar multiplication in G2
        0x0F: 64,  # pairing
        0x10: 4,  # field element to G1
        0x11: 32,  # field element to G2
    }
)

PRECOMPILE_PRICES = "0x" + keccak(repr(sorted(PRECOMPILE_FACTORS.items())).encode()).hex()
"""The table's hash, as it stands in the rules of a genesis."""
