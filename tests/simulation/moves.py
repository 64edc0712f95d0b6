"""What can happen in a step and how often, what a bank may be told, and what ends a run."""

MOVES = (
    ("deposit", 4), ("withdraw", 1), ("mint", 8), ("transfer", 12), ("redeem", 6), ("raw", 3), ("again", 6),
    ("conflict", 3), ("overdraw", 3), ("suspend", 1), ("reinstate", 2), ("block", 12), ("look_after", 3), ("power", 3),
    ("disk_full", 2), ("line", 3), ("forget_pool", 1), ("clock", 2), ("restart", 1),
    ("rotate", 1), ("net", 5), ("netting", 2),
)  # fmt: skip

EXPECTED = {
    "insufficient_funds", "insufficient_balance", "member_suspended", "creditor_not_active", "account_not_active"
}  # fmt: skip
"""What a bank may be told at the door. The last three only in a run in which a bank was suspended."""


class Broken(AssertionError):
    """An invariant did not hold, or the node and the model disagree."""
