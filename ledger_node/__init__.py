"""A permissioned Ethereum node on which a bank issues a deposit token, backed 1:1 by fiat on its own books."""

import os

# eth-hash reads this when it is first used: pysha3 hashes four times faster here than its default, pycryptodome.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

__version__ = "0.1.0"
