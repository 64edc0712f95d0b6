"""Proofs that a member can check alone: the tree over all claims, an account's branch of it, the attestor's signature.

Read tree.py for how claims become one root, document.py for what a member gets and how it is checked. Pure: knows no
SQL, no clock and no node.
"""
