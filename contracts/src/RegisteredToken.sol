// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Authorizations} from "./token/Authorizations.sol";
import {Batches} from "./token/Batches.sol";
import {Holds} from "./token/Holds.sol";
import {Ledger} from "./token/Ledger.sol";
import {Restriction} from "./token/Restriction.sol";
import {load} from "./token/AccountWord.sol";

/// What every token of ours is, whatever stands behind it: only registered accounts hold it, each movement is judged at one
/// place, orders freeze and seize, a pause stops all of it. How tokens come into being is left to what inherits from this.
abstract contract RegisteredToken is Batches, Holds, ERC20Permit, Authorizations {
    /// The token stays paused for ever and its holders are served by `successor`.
    event Retired(address indexed successor);

    error TokenRetired(address successor);
    error SuccessorMissing();

    uint8 private immutable _decimals;

    /// The token that took this one's place; zero while this one is in use.
    address public successor;

    constructor(
        string memory name,
        string memory symbol,
        uint8 decimals_,
        uint48 adminDelay,
        address admin,
        address settlement,
        address registrar,
        address pauser,
        address enforcer
    ) ERC20(name, symbol) ERC20Permit(name) AccessControlDefaultAdminRules(adminDelay, admin) {
        _decimals = decimals_;
        _grantRole(SETTLEMENT_ROLE, settlement);
        _grantRole(REGISTRAR_ROLE, registrar);
        _grantRole(PAUSER_ROLE, pauser);
        _grantRole(ENFORCER_ROLE, enforcer);
    }

    function decimals() public view virtual override returns (uint8) {
        return _decimals;
    }

    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(PAUSER_ROLE) {
        if (successor != address(0)) revert TokenRetired(successor);
        _unpause();
    }

    /// A successor is another address than nobody's and this token's own, which could serve no holder.
    function retire(address successor_) external onlyRole(DEFAULT_ADMIN_ROLE) whenPaused {
        if (successor != address(0)) revert TokenRetired(successor);
        if (successor_ == address(0) || successor_ == address(this)) revert SuccessorMissing();
        successor = successor_;
        emit Retired(successor_);
    }

    // ERC-1404, and the same question in ERC-7943's words: what would forbid the holder's own transfer now

    function detectTransferRestriction(address from, address to, uint256 amount) public view returns (uint8) {
        return paused() ? Restriction.PAUSED : detect(load(from), load(to), amount);
    }

    function messageForTransferRestriction(uint8 code) external pure returns (string memory) {
        bytes32 message = Restriction.message(code);
        uint256 length = 0;
        while (length < 32 && message[length] != 0) ++length;
        bytes memory text = new bytes(length);
        assembly ("memory-safe") {
            mstore(add(text, 0x20), message)
        }
        return string(text);
    }

    function canTransfer(address from, address to, uint256 amount) external view returns (bool) {
        return detectTransferRestriction(from, to, amount) == 0;
    }

    function canSend(address account) external view returns (bool) {
        return load(account).isActive();
    }

    function canReceive(address account) external view returns (bool) {
        return load(account).isActive();
    }

    // ERC-20 APPROVALS: owner and spender must be active accounts; taking an approval back is always possible

    /// The lowest code first, whoever it is about; and no spender makes a line of nothing in another's account.
    function transferFrom(address from, address to, uint256 value) public virtual override returns (bool) {
        _requireNotPaused();
        uint8 code = detect(load(from), load(to), value);
        if (value == 0 && from != msg.sender) code = Restriction.INVALID_AMOUNT;
        if (code < Restriction.SPENDER_NOT_ACTIVE) _requireAllowed(code, from, to, value);
        _requireSpender(msg.sender);
        return super.transferFrom(from, to, value);
    }

    function _approve(address owner, address spender, uint256 value, bool emitEvent) internal virtual override {
        if (emitEvent && value != 0) {
            _requireNotPaused();
            _requireAllowed(Restriction.ofDebtor(load(owner)), owner, owner, value);
            _requireSpender(spender);
        }
        super._approve(owner, spender, value, emitEvent);
    }

    // ONE FUNCTION, SEVERAL PARENTS

    function _update(address from, address to, uint256 amount) internal virtual override(ERC20, Ledger) {
        super._update(from, to, amount);
    }

    function balanceOf(address account) public view virtual override(ERC20, Ledger) returns (uint256) {
        return super.balanceOf(account);
    }
}
