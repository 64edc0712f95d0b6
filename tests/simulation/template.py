"""Three banks that every run starts from, and identifiers that come from the seed."""

import contextlib
import itertools
import random
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from ledger_node import ids, keys
from ledger_node.settlement.netting import cycles
from ledger_node.settlement.onchain import liabilities
from tests.settlement.issuer import Issuer, key
from tests.simulation.followed import NETWORK, Followed

ACCOUNTS = ("A.dda", "A.bda", "B.dda", "B.bda", "C.dda", "C.bda", "C.bda2")
OWN = key("C's own")
"""The key of C.bda2, which is in C's own custody."""


@contextlib.contextmanager
def seeded_ids(seed: int | str) -> Iterator[None]:
    """The node's identifiers and salts come from the seed, too."""
    source = random.Random(f"ids {seed}")
    made = itertools.count()
    unique = SimpleNamespace(
        uuid7=lambda: SimpleNamespace(hex=f"{next(made):012x}{source.getrandbits(80):020x}"),
        uuid4=lambda: f"{source.getrandbits(128):032x}",
    )
    salts = SimpleNamespace(randbelow=source.randrange, token_bytes=source.randbytes)
    with (
        mock.patch.object(ids, "uuid_utils", unique),
        mock.patch.object(liabilities, "secrets", salts),
        mock.patch.object(cycles, "secrets", salts),
        mock.patch.object(keys, "secrets", salts),
    ):
        yield


@cache
def template() -> Path:
    """Three banks, each with a DDA and a BDA, and one BDA in C's own custody; the same in every process.

    A follower has taken what there is of the chain.
    """
    directory = Path(tempfile.mkdtemp(prefix="simulation-template-"))
    with seeded_ids("template"):
        issuer = Issuer(directory, genesis=NETWORK).start()
        issuer.settle()
        issuer.admit("A", "B", "C")
        issuer.open("C", "BDA", address=OWN.address)
        issuer.settle()
        follower = Followed(directory / "follower", lambda: issuer.chain, random.Random(0), lambda *_: None)
        assert follower.hear_up_to(issuer.chain.head().number) is None
        follower.close()
        issuer.close()
    return directory
