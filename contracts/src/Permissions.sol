// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Directory} from "./permissions/Directory.sol";
import {Account, AccountStatus, Organisation, OrganisationStatus, Right, Role} from "./permissions/Model.sol";

/// Who may do what on the network, decided by its members. Predeployed in genesis; every node reads it at the parent of each
/// block, on production and on import alike, so what it forbids cannot be part of a valid block.
///
/// Network administrators propose calls to this contract and vote on them. When more than the majority set in genesis has said
/// yes, the contract calls itself; what only the majority may do is guarded by that.
contract Permissions is Directory {
    struct Setup {
        address sealer;
        uint8 majorityPercent;
        bytes32 operator;
        address[] administrators;
        address[] deployers;
        address[] transactors;
    }

    enum Vote {
        None,
        Yes,
        No
    }

    /// A proposal is open until it is executed or rejected, or `closesAt` has passed.
    struct Proposal {
        address proposer;
        uint64 closesAt;
        bool open;
        bytes call;
    }

    uint64 public constant PROPOSAL_LIFETIME = 30 days;

    event NetworkAdministratorAdded(address indexed administrator);
    event NetworkAdministratorRemoved(address indexed administrator);
    event ProposalMade(uint256 indexed proposal, address indexed proposer, bytes call);
    event VoteCast(uint256 indexed proposal, address indexed administrator, bool yes);
    event ProposalExecuted(uint256 indexed proposal);
    event ProposalRejected(uint256 indexed proposal);
    event SealerChanged(address indexed sealer);
    event MajorityChanged(uint8 percent);

    error NotNetworkAdministrator(address caller);
    error AlreadyNetworkAdministrator(address administrator);
    error LastNetworkAdministrator(address administrator);
    error AdministratorWithoutRight(address administrator);
    error ProposalNotOpen(uint256 proposal);
    error AlreadyVoted(uint256 proposal, address administrator);
    error InvalidMajority(uint8 percent);
    error SealerMissing();

    address[] private _administrators;
    // One word, at the start of a slot: engines read the sealer there.
    address public sealer;
    uint8 public majorityPercent;
    uint256 public proposalCount;
    mapping(uint256 id => Proposal) private _proposals;
    mapping(uint256 id => mapping(address administrator => Vote)) public voteOf;

    modifier onlyNetworkAdministrator() {
        bool may = isNetworkAdministrator(msg.sender) && rightOf(msg.sender) >= Right.Transact;
        if (!may) revert NotNetworkAdministrator(msg.sender);
        _;
    }

    /// A network of ours writes the same words into its genesis (ledger_node/permissions/genesis.py) and runs no constructor.
    constructor(Setup memory setup) {
        _setSealer(setup.sealer);
        _setMajority(setup.majorityPercent);
        uint32 operator = _addOrganisation(0, setup.operator, OrganisationStatus.Approved);
        _assignAll(setup.administrators, operator, _firstRole(operator, "administrator", Right.Full));
        _assignAll(setup.deployers, operator, _firstRole(operator, "deployer", Right.Deploy));
        _assignAll(setup.transactors, operator, _firstRole(operator, "transactor", Right.Transact));
        if (setup.administrators.length == 0) revert LastNetworkAdministrator(address(0));
        for (uint256 i = 0; i < setup.administrators.length; ++i) {
            _addNetworkAdministrator(setup.administrators[i]);
        }
    }

    // QUESTIONS

    function networkAdministrators() external view returns (address[] memory) {
        return _administrators;
    }

    function isNetworkAdministrator(address account) public view returns (bool) {
        uint256 count = _administrators.length;
        for (uint256 i = 0; i < count; ++i) {
            if (_administrators[i] == account) return true;
        }
        return false;
    }

    function proposal(uint256 id) external view returns (Proposal memory) {
        return _proposals[id];
    }

    /// How many of today's network administrators have to say yes: more than the majority's share of them.
    function votesNeeded() public view returns (uint256) {
        uint256 count = _administrators.length;
        uint256 needed = count * majorityPercent / 100 + 1;
        return needed < count ? needed : count;
    }

    // PROPOSALS

    /// Propose a call to this contract. The proposer's own vote is a yes.
    function propose(bytes calldata call) external onlyNetworkAdministrator returns (uint256 id) {
        id = _propose(call);
    }

    /// Take in an organisation as proposed, with its first administrator pending, and propose its approval.
    function proposeOrganisation(bytes32 name, address administrator)
        external
        onlyNetworkAdministrator
        returns (uint32 organisation, uint256 proposalId)
    {
        if (_accounts[administrator].status > AccountStatus.Pending) {
            revert AccountOfAnotherOrganisation(administrator, _accounts[administrator].organisation);
        }
        organisation = _addOrganisation(0, name, OrganisationStatus.Proposed);
        emit OrganisationStatusChanged(organisation, OrganisationStatus.Proposed);
        uint32 role = _firstRole(organisation, "administrator", Right.Full);
        _assign(administrator, organisation, role, AccountStatus.Pending);
        emit AccountStatusChanged(administrator, AccountStatus.Pending);
        proposalId = _propose(abi.encodeCall(this.approveOrganisation, (organisation, administrator)));
    }

    /// One vote each. The vote that decides also carries out, and fails if the call proposed fails.
    function vote(uint256 id, bool yes) external onlyNetworkAdministrator {
        Proposal storage entry = _proposals[id];
        if (!entry.open || block.timestamp >= entry.closesAt) revert ProposalNotOpen(id);
        if (voteOf[id][msg.sender] != Vote.None) revert AlreadyVoted(id, msg.sender);
        _vote(id, yes);
    }

    // WHAT ONLY THE MAJORITY DOES

    function approveOrganisation(uint32 id, address administrator) external onlyMajority {
        OrganisationStatus current = _organisations[id].status;
        if (current != OrganisationStatus.Proposed) {
            revert InvalidOrganisationStatus(id, current, OrganisationStatus.Approved);
        }
        Account memory entry = _accounts[administrator];
        if (entry.organisation != id || entry.status != AccountStatus.Pending) {
            revert InvalidAccountStatus(administrator, entry.status, AccountStatus.Active);
        }
        _organisations[id].status = OrganisationStatus.Approved;
        _accounts[administrator].status = AccountStatus.Active;
        emit OrganisationStatusChanged(id, OrganisationStatus.Approved);
        emit AccountStatusChanged(administrator, AccountStatus.Active);
    }

    function addNetworkAdministrator(address administrator) external onlyMajority {
        if (rightOf(administrator) < Right.Transact) revert AdministratorWithoutRight(administrator);
        _addNetworkAdministrator(administrator);
    }

    /// Its votes on open proposals no longer count.
    function removeNetworkAdministrator(address administrator) external onlyMajority {
        uint256 count = _administrators.length;
        if (count == 1) revert LastNetworkAdministrator(administrator);
        for (uint256 i = 0; i < count; ++i) {
            if (_administrators[i] != administrator) continue;
            _administrators[i] = _administrators[count - 1];
            // Once: the loop ends here.
            // slither-disable-next-line costly-loop
            _administrators.pop();
            emit NetworkAdministratorRemoved(administrator);
            return;
        }
        revert NotNetworkAdministrator(administrator);
    }

    /// Seals every block after the one that says so.
    function setSealer(address newSealer) external onlyMajority {
        _setSealer(newSealer);
    }

    function setMajority(uint8 percent) external onlyMajority {
        _setMajority(percent);
    }

    // INTERNAL

    function _propose(bytes memory call) private returns (uint256 id) {
        id = ++proposalCount;
        _proposals[id] = Proposal(msg.sender, uint64(block.timestamp) + PROPOSAL_LIFETIME, true, call);
        emit ProposalMade(id, msg.sender, call);
        _vote(id, true);
    }

    function _vote(uint256 id, bool yes) private {
        voteOf[id][msg.sender] = yes ? Vote.Yes : Vote.No;
        emit VoteCast(id, msg.sender, yes);
        uint256 needed = votesNeeded();
        uint256 count = _administrators.length;
        if (_count(id, Vote.Yes) >= needed) {
            _proposals[id].open = false;
            // The call goes to this contract itself, and the proposal is closed before it.
            // slither-disable-next-line reentrancy-events
            _execute(_proposals[id].call);
            emit ProposalExecuted(id);
        } else if (count - _count(id, Vote.No) < needed) {
            _proposals[id].open = false;
            emit ProposalRejected(id);
        }
    }

    /// Votes of today's administrators: one removed since has no say.
    function _count(uint256 id, Vote which) private view returns (uint256 votes) {
        uint256 count = _administrators.length;
        for (uint256 i = 0; i < count; ++i) {
            if (voteOf[id][_administrators[i]] == which) ++votes;
        }
    }

    function _execute(bytes memory call) private {
        // slither-disable-next-line low-level-calls
        (bool done, bytes memory answer) = address(this).call(call);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    function _addNetworkAdministrator(address administrator) private {
        if (isNetworkAdministrator(administrator)) revert AlreadyNetworkAdministrator(administrator);
        _administrators.push(administrator);
        emit NetworkAdministratorAdded(administrator);
    }

    function _setSealer(address newSealer) private {
        if (newSealer == address(0)) revert SealerMissing();
        sealer = newSealer;
        emit SealerChanged(newSealer);
    }

    /// From half (a simple majority) to all of them.
    function _setMajority(uint8 percent) private {
        if (percent < 50 || percent > 100) revert InvalidMajority(percent);
        majorityPercent = percent;
        emit MajorityChanged(percent);
    }

    function _firstRole(uint32 organisation, bytes32 name, Right right) private returns (uint32 id) {
        id = ++roleCount;
        roleName[id] = name;
        _setRole(id, Role(organisation, right, true, false, type(uint96).max));
    }

    function _assignAll(address[] memory accounts, uint32 organisation, uint32 role) private {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (_accounts[accounts[i]].status != AccountStatus.None) {
                revert AccountOfAnotherOrganisation(accounts[i], organisation);
            }
            _assign(accounts[i], organisation, role, AccountStatus.Active);
        }
    }
}
