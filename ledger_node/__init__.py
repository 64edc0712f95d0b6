"""A permissioned Ethereum node on which a bank issues a deposit token, backed 1:1 by fiat on its own books."""

__version__ = "0.1.0"
