"""The fiat side: a double-entry ledger of the issuer's books. Knows nothing of chains, tokens or requests.

Read tables.py for what is stored, movements.py for the four ways money moves here, ledger.py for how it moves.
"""
