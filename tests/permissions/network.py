"""A permissions contract at its genesis address on a bare EVM, put there as a genesis block puts it."""

from ledger_node.chain.blocks import Log
from ledger_node.chain.encoding import keccak
from ledger_node.permissions import calls, reads
from ledger_node.permissions.artifact import ADDRESS
from ledger_node.permissions.events import AccountAssigned, ProposalMade, RoleSet, decode_all
from ledger_node.permissions.genesis import NetworkSetup, genesis_account
from ledger_node.permissions.rules import PermissionRules
from tests.deposit_token.evm import Evm


def address(name: str) -> bytes:
    return keccak(b"on the network: " + name.encode())[12:]


ADMINS = (address("administrator 1"), address("administrator 2"), address("administrator 3"))
DEPLOYER, TRANSACTOR, SEALER, STRANGER = (address(name) for name in ("deployer", "transactor", "sealer", "stranger"))
BANK_ADMIN = address("bank administrator")

SETUP = NetworkSetup(
    sealer=SEALER, operator="Issuer", administrators=ADMINS, deployers=(DEPLOYER,), transactors=(TRANSACTOR,)
)


class Network:
    def __init__(self, setup: NetworkSetup = SETUP) -> None:
        self.evm = Evm()
        genesis = genesis_account(setup)
        self.evm.state.set_code(ADDRESS, genesis.code)
        for slot, word in genesis.storage.items():
            self.evm.state.set_storage(ADDRESS, slot, word)

    def run(self, sender: bytes, data: bytes) -> tuple[Log, ...]:
        return self.evm.run(sender, ADDRESS, data)

    def events(self, sender: bytes, data: bytes) -> list[object]:
        return list(decode_all(self.run(sender, data)))

    def proposed(self, data: bytes, proposer: bytes = ADMINS[0]) -> int:
        return next(each.proposal for each in self.events(proposer, data) if isinstance(each, ProposalMade))

    def decide(self, call: bytes) -> list[object]:
        """What the first two of three administrators agree on."""
        return self.events(ADMINS[1], calls.vote(self.proposed(calls.propose(call)), yes=True))

    def admit(self, name: str, administrator: bytes) -> tuple[int, int]:
        """The organisation's number and its administrator role's."""
        events = self.events(ADMINS[0], calls.propose_organisation(name, administrator))
        proposal = next(each.proposal for each in events if isinstance(each, ProposalMade))
        assigned = next(each for each in events if isinstance(each, AccountAssigned))
        self.run(ADMINS[1], calls.vote(proposal, yes=True))
        return assigned.organisation, assigned.role

    def add_role(self, sender: bytes, data: bytes) -> int:
        return next(each.role for each in self.events(sender, data) if isinstance(each, RoleSet))

    @property
    def rules(self) -> PermissionRules:
        return reads.rules(self.evm)
