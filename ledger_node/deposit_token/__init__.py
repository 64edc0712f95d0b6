"""The token contract as Python sees it: its artifact, calls, logs, storage, signatures and reasons. Knows no payment.

Read calls.py for what is asked of the contract, events.py for what it answers, codes.py for why it refuses.
"""
