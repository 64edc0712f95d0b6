"""`python -m bench.organisations [--organisations 400]`: take banks onto a network by vote, and say what it took.

Three network administrators, of whom two must agree. For each bank: the first proposes it, the second votes and so
approves it; then the bank's own administrator adds a role for developers and one for payments, and an account to each.
"""

import argparse
import tempfile
import time
from pathlib import Path

from ledger_node.chain.genesis import NetworkRules, build_genesis
from ledger_node.chain.pyevm.engine import ChainSettings, PyEvmChain, open_chain
from ledger_node.clock import SystemClock
from ledger_node.keys import LocalSigner
from ledger_node.permissions import calls, reads
from ledger_node.permissions.artifact import ADDRESS
from ledger_node.permissions.genesis import NetworkSetup, genesis_account
from ledger_node.permissions.model import Right
from ledger_node.permissions.rules import permissions_at
from tests.chain.conftest import CHAIN_ID, START, Person

SEALER = LocalSigner(b"\x07" * 32)
ADMINISTRATORS = tuple(Person(f"network administrator {number}") for number in range(3))
GAS = 600_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.organisations", description=__doc__)
    parser.add_argument("--organisations", type=int, default=400)
    count = parser.parse_args().organisations
    with tempfile.TemporaryDirectory() as directory:
        onboard(Path(directory), count)


def onboard(directory: Path, count: int) -> None:
    setup = NetworkSetup(SEALER.address, "operator", tuple(each.address for each in ADMINISTRATORS))
    genesis = build_genesis(
        chain_id=CHAIN_ID, sealer=SEALER.address, timestamp=START, alloc={ADDRESS: genesis_account(setup)},
        rules=NetworkRules(permissions=True),
    )  # fmt: skip
    settings = ChainSettings(produce=False)
    chain = open_chain(
        directory, genesis, sealer=SEALER, clock=SystemClock(), settings=settings, permissions_at=permissions_at
    )
    try:
        before = size(directory)
        began, used = time.monotonic(), time.process_time()
        banks = [Person(f"administrator of bank {number}") for number in range(count)]
        proposer, voter, _ = ADMINISTRATORS
        for number, bank in enumerate(banks):
            send(chain, proposer, calls.propose_organisation(f"bank {number}", bank.address))
        mined(chain)
        first = reads.proposal_count(chain) - count + 1
        for number in range(count):
            send(chain, voter, calls.vote(first + number, yes=True))
        mined(chain)
        for number, bank in enumerate(banks, start=2):
            send(chain, bank, calls.add_role(number, "developer", Right.DEPLOY))
            send(chain, bank, calls.add_role(number, "payer", Right.TRANSACT))
        mined(chain)
        roles = {(role.entry.organisation, role.name): role.id for role in reads.roles(chain)}
        for number, bank in enumerate(banks, start=2):
            for name in ("developer", "payer"):
                account = Person(f"{name} of bank {number}").address
                send(chain, bank, calls.assign_account(account, number, roles[number, name]))
        mined(chain)
        took, processor = time.monotonic() - began, time.process_time() - used
        rules = reads.rules(chain)
        assert len(reads.organisations(chain)) == count + 1
        assert rules.refusal_to_deploy(Person(f"developer of bank {count + 1}").address) is None
        assert rules.refusal_to_deploy(Person(f"payer of bank {count + 1}").address) is not None
        head = chain.head().number
    finally:
        chain.close()
    print(
        f"{count} organisations with 3 accounts and 3 roles each: {took:.1f} s ({processor:.1f} s of processor time), "
        f"{6 * count} transactions in {head} blocks, the chain's store grew from {before / 2**20:.1f} to "
        f"{size(directory) / 2**20:.1f} MiB"
    )


def send(chain: PyEvmChain, sender: Person, data: bytes) -> None:
    chain.send_raw_transaction(sender.sign(to=ADDRESS, data=data, gas=GAS))


def mined(chain: PyEvmChain) -> None:
    while len(chain.pool):
        assert chain.make_block() is not None
        assert all(receipt.succeeded for receipt in chain.receipts("latest"))


def size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
