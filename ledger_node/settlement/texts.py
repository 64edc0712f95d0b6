"""What people write: names and reasons. One rule for all: it can be seen, and reads in the order it is stored.

No control, format, private or unassigned character and no separator but the space (Unicode categories C and Z): nothing
that hides, turns or breaks a line where a person reads it to decide.
"""

from ledger_node.errors import InvalidField


def can_be_seen(text: str) -> bool:
    return bool(text.strip()) and text.isprintable()


def written(text: str, name: str, *, most: int) -> str:
    """The text without spaces around it. Raises InvalidField, which names the field."""
    if not can_be_seen(text) or len(text) > most:
        raise InvalidField(f"{name} is 1 to {most} printable characters.", pointer=f"/{name}")
    return text.strip()
