// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Account, AccountStatus, Organisation, OrganisationStatus, Right, Role} from "./Model.sol";

/// Who is on the network: organisations, their roles and their accounts, and what follows from them for one account. Changed
/// by an organisation's own administrators for it and what is below it, and by the majority of the network administrators,
/// whose decisions this contract carries out as calls to itself.
abstract contract Directory {
    uint8 public constant DEPTH_MAX = 4;

    event OrganisationAdded(uint32 indexed organisation, uint32 indexed parent, bytes32 name);
    event OrganisationStatusChanged(uint32 indexed organisation, OrganisationStatus status);
    event RoleSet(
        uint32 indexed role,
        uint32 indexed organisation,
        bytes32 name,
        Right right,
        bool active,
        bool limitsTargets,
        uint96 maxValue
    );
    event RoleTargetSet(uint32 indexed role, address indexed target, bool allowed);
    event AccountAssigned(address indexed account, uint32 indexed organisation, uint32 indexed role);
    event AccountStatusChanged(address indexed account, AccountStatus status);

    error NotAdministratorOf(address caller, uint32 organisation);
    error NotTheMajority(address caller);
    error NoSuchOrganisation(uint32 organisation);
    error NoSuchRole(uint32 role);
    error TooDeep(uint32 parent, uint8 most);
    error RoleOfAnotherOrganisation(uint32 role, uint32 organisation);
    error AccountOfAnotherOrganisation(address account, uint32 organisation);
    error InvalidAccountStatus(address account, AccountStatus current, AccountStatus requested);
    error InvalidOrganisationStatus(uint32 organisation, OrganisationStatus current, OrganisationStatus requested);
    error RightMissing();
    error NameMissing();

    mapping(uint32 id => Organisation) internal _organisations;
    mapping(uint32 id => Role) internal _roles;
    mapping(address account => Account) internal _accounts;
    mapping(uint32 role => mapping(address target => bool)) internal _targets;
    mapping(uint32 organisation => bytes32) public organisationName;
    mapping(uint32 role => bytes32) public roleName;
    uint32 public organisationCount;
    uint32 public roleCount;

    modifier onlyMajority() {
        if (msg.sender != address(this)) revert NotTheMajority(msg.sender);
        _;
    }

    modifier onlyAdministratorOf(uint32 organisation) {
        if (!administers(msg.sender, organisation)) revert NotAdministratorOf(msg.sender, organisation);
        _;
    }

    // QUESTIONS

    /// EEA's question. A creation has no target. Gas and payload play no part.
    function transactionAllowed(
        address sender,
        address target,
        uint256 value,
        uint256 gasPrice,
        uint256 gasLimit,
        bytes calldata payload
    ) external view returns (bool) {
        (gasPrice, gasLimit, payload);
        Right right = rightOf(sender);
        uint32 roleId = _accounts[sender].role;
        Role memory role = _roles[roleId];
        if (value > role.maxValue) return false;
        if (target == address(0)) return right >= Right.Deploy;
        return right >= Right.Transact && (!role.limitsTargets || _targets[roleId][target]);
    }

    /// The account's right now: that of its role, if account, role and every organisation above it are in force.
    function rightOf(address account) public view returns (Right) {
        Account memory entry = _accounts[account];
        if (entry.status != AccountStatus.Active) return Right.None;
        Role memory role = _roles[entry.role];
        if (!role.active) return Right.None;
        uint32 id = entry.organisation;
        while (id != 0) {
            Organisation memory organisation = _organisations[id];
            if (organisation.status != OrganisationStatus.Approved) return Right.None;
            id = organisation.parent;
        }
        return role.right;
    }

    /// The majority administers every organisation; an account with the full right its own and those below.
    function administers(address account, uint32 organisation) public view returns (bool) {
        if (_organisations[organisation].status == OrganisationStatus.None) return false;
        if (account == address(this)) return true;
        return rightOf(account) == Right.Full && _isWithin(organisation, _accounts[account].organisation);
    }

    function getOrganisation(uint32 id) external view returns (Organisation memory) {
        return _organisations[id];
    }

    function getRole(uint32 id) external view returns (Role memory) {
        return _roles[id];
    }

    function getAccount(address account) external view returns (Account memory) {
        return _accounts[account];
    }

    function targetAllowed(uint32 role, address target) external view returns (bool) {
        return _targets[role][target];
    }

    // CHANGES BY AN ORGANISATION'S ADMINISTRATORS

    function addSubOrganisation(uint32 parent, bytes32 name)
        external
        onlyAdministratorOf(parent)
        returns (uint32 id)
    {
        id = _addOrganisation(parent, name, OrganisationStatus.Approved);
        emit OrganisationStatusChanged(id, OrganisationStatus.Approved);
    }

    /// Of an organisation below the caller's own, or by the majority of any: approved or suspended.
    function setOrganisationStatus(uint32 id, OrganisationStatus status) external {
        Organisation memory entry = _organisations[id];
        bool may = msg.sender == address(this) || (entry.parent != 0 && administers(msg.sender, entry.parent));
        if (!may) revert NotAdministratorOf(msg.sender, entry.parent);
        bool known = entry.status == OrganisationStatus.Approved || entry.status == OrganisationStatus.Suspended;
        if (!known || (status != OrganisationStatus.Approved && status != OrganisationStatus.Suspended)) {
            revert InvalidOrganisationStatus(id, entry.status, status);
        }
        _organisations[id].status = status;
        emit OrganisationStatusChanged(id, status);
    }

    function addRole(uint32 organisation, bytes32 name, Right right, bool limitsTargets, uint96 maxValue)
        external
        onlyAdministratorOf(organisation)
        returns (uint32 id)
    {
        if (name == 0) revert NameMissing();
        id = ++roleCount;
        roleName[id] = name;
        _setRole(id, Role(organisation, right, true, limitsTargets, maxValue));
    }

    /// Counts at once for every account that has the role.
    function changeRole(uint32 id, Right right, bool active, bool limitsTargets, uint96 maxValue) external {
        uint32 organisation = _roleOrganisation(id);
        _setRole(id, Role(organisation, right, active, limitsTargets, maxValue));
    }

    function setRoleTarget(uint32 id, address target, bool allowed) external {
        _roleOrganisation(id);
        _targets[id][target] = allowed;
        emit RoleTargetSet(id, target, allowed);
    }

    /// Admit an account, or give it another role. An account belongs to one organisation for ever, except that one which waits
    /// for an organisation's approval is not bound yet; one that is suspended, denylisted or revoked keeps that status.
    function assignAccount(address account, uint32 organisation, uint32 role)
        external
        onlyAdministratorOf(organisation)
    {
        Account memory entry = _accounts[account];
        bool isNew = entry.status == AccountStatus.None;
        if (!isNew && entry.organisation != organisation) {
            isNew = entry.status == AccountStatus.Pending;
            if (!isNew) revert AccountOfAnotherOrganisation(account, entry.organisation);
        }
        _assign(account, organisation, role, isNew ? AccountStatus.Active : entry.status);
        if (isNew) emit AccountStatusChanged(account, AccountStatus.Active);
    }

    /// Active, suspended, denylisted or revoked. Back from denylisted only by the majority; from revoked by nobody.
    function setAccountStatus(address account, AccountStatus status)
        external
        onlyAdministratorOf(_accounts[account].organisation)
    {
        AccountStatus current = _accounts[account].status;
        bool valid = status >= AccountStatus.Active && current >= AccountStatus.Active
            && current != AccountStatus.Revoked
            && (current != AccountStatus.Denylisted || status == AccountStatus.Revoked || msg.sender == address(this));
        if (!valid) revert InvalidAccountStatus(account, current, status);
        _accounts[account].status = status;
        emit AccountStatusChanged(account, status);
    }

    // INTERNAL

    function _addOrganisation(uint32 parent, bytes32 name, OrganisationStatus status) internal returns (uint32 id) {
        if (name == 0) revert NameMissing();
        uint8 depth = _organisations[parent].depth + 1;
        if (depth > DEPTH_MAX) revert TooDeep(parent, DEPTH_MAX);
        id = ++organisationCount;
        organisationName[id] = name;
        _organisations[id] = Organisation(parent, depth, status);
        emit OrganisationAdded(id, parent, name);
    }

    function _setRole(uint32 id, Role memory entry) internal {
        if (entry.right == Right.None) revert RightMissing();
        _roles[id] = entry;
        emit RoleSet(
            id, entry.organisation, roleName[id], entry.right, entry.active, entry.limitsTargets, entry.maxValue
        );
    }

    function _assign(address account, uint32 organisation, uint32 role, AccountStatus status) internal {
        if (_roles[role].organisation == 0) revert NoSuchRole(role);
        if (!_isWithin(organisation, _roles[role].organisation)) {
            revert RoleOfAnotherOrganisation(role, organisation);
        }
        _accounts[account] = Account(organisation, role, status);
        emit AccountAssigned(account, organisation, role);
    }

    /// Whether `inner` is `outer` or lies below it.
    function _isWithin(uint32 inner, uint32 outer) internal view returns (bool) {
        for (uint32 id = inner; id != 0; id = _organisations[id].parent) {
            if (id == outer) return true;
        }
        return false;
    }

    /// The organisation of a role that the caller may change.
    function _roleOrganisation(uint32 id) private view returns (uint32 organisation) {
        organisation = _roles[id].organisation;
        if (organisation == 0) revert NoSuchRole(id);
        if (!administers(msg.sender, organisation)) revert NotAdministratorOf(msg.sender, organisation);
    }
}
