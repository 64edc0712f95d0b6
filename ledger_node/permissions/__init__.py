"""Organisations, roles and rights on chain, as Python sees them. Knows no money and no engine.

Read model.py for who can be what, rules.py for what follows from it, genesis.py for how a network starts.
"""
