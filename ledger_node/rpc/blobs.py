"""The price of blob gas (EIP-4844, EIP-7691), from a header. This network carries no blobs; imported history may."""

from ledger_node.chain.blocks import Header

MIN_BLOB_BASE_FEE = 1
CANCUN_FRACTION = 3_338_477
PRAGUE_FRACTION = 5_007_716
CANCUN_TARGET, CANCUN_MOST = 3 * 131_072, 6 * 131_072
PRAGUE_TARGET, PRAGUE_MOST = 6 * 131_072, 9 * 131_072


def blob_base_fee(header: Header) -> int:
    """0 before Cancun."""
    if header.excess_blob_gas is None:
        return 0
    return _fake_exponential(MIN_BLOB_BASE_FEE, header.excess_blob_gas, _fraction(header))


def next_blob_base_fee(header: Header) -> int:
    """What the block after `header` would charge."""
    if header.excess_blob_gas is None or header.blob_gas_used is None:
        return 0
    target = PRAGUE_TARGET if header.requests_hash is not None else CANCUN_TARGET
    excess = max(0, header.excess_blob_gas + header.blob_gas_used - target)
    return _fake_exponential(MIN_BLOB_BASE_FEE, excess, _fraction(header))


def blob_gas_ratio(header: Header) -> float:
    most = PRAGUE_MOST if header.requests_hash is not None else CANCUN_MOST
    return (header.blob_gas_used or 0) / most


def _fraction(header: Header) -> int:
    # A header of Prague or later has a requests hash (EIP-7685).
    return PRAGUE_FRACTION if header.requests_hash is not None else CANCUN_FRACTION


def _fake_exponential(factor: int, numerator: int, denominator: int) -> int:
    """factor * e ** (numerator / denominator), in integers, as EIP-4844 defines it."""
    step, output, term = 1, 0, factor * denominator
    while term > 0:
        output += term
        term = term * numerator // (denominator * step)
        step += 1
    return output // denominator
