// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Authorizations} from "./token/Authorizations.sol";
import {Holds} from "./token/Holds.sol";
import {Ledger} from "./token/Ledger.sol";
import {Restriction} from "./token/Restriction.sol";
import {Settlement} from "./token/Settlement.sol";
import {load} from "./token/AccountWord.sol";

/// A bank's deposit token in one currency: claims of member banks on deposits in the issuer's own books, 1:1.
/// A base unit is a minor unit of the currency. README.md says for each method who may call it and when it fails.
contract DepositToken is Settlement, Holds, ERC20Permit, Authorizations {
    struct Setup {
        string name;
        string symbol;
        string currency;
        uint8 decimals;
        uint48 adminDelay;
        address admin;
        address settlement;
        address attestor;
        address registrar;
        address pauser;
        address enforcer;
        uint256 mintPerDay;
    }

    /// The token stays paused for ever and its holders are served by `successor`.
    event Retired(address indexed successor);

    error TokenRetired(address successor);
    error SuccessorMissing();

    uint8 private immutable _decimals;
    string private _currency;

    /// The token that took this one's place; zero while this one is in use.
    address public successor;

    constructor(Setup memory setup)
        ERC20(setup.name, setup.symbol)
        ERC20Permit(setup.name)
        AccessControlDefaultAdminRules(setup.adminDelay, setup.admin)
    {
        _decimals = setup.decimals;
        _currency = setup.currency;
        _grantRole(SETTLEMENT_ROLE, setup.settlement);
        _grantRole(ATTESTOR_ROLE, setup.attestor);
        _grantRole(REGISTRAR_ROLE, setup.registrar);
        _grantRole(PAUSER_ROLE, setup.pauser);
        _grantRole(ENFORCER_ROLE, setup.enforcer);
        _grantRole(MINT_LIMITER_ROLE, setup.admin);
        _setMinterAllowance(setup.settlement, setup.mintPerDay);
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    /// ISO 4217 code of the currency.
    function currency() external view returns (string memory) {
        return _currency;
    }

    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(PAUSER_ROLE) {
        if (successor != address(0)) revert TokenRetired(successor);
        _unpause();
    }

    function retire(address successor_) external onlyRole(DEFAULT_ADMIN_ROLE) whenPaused {
        if (successor != address(0)) revert TokenRetired(successor);
        if (successor_ == address(0)) revert SuccessorMissing();
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

    function _approve(address owner, address spender, uint256 value, bool emitEvent) internal override {
        if (emitEvent && value != 0) {
            _requireNotPaused();
            _requireActive(owner, Restriction.ofDebtor(load(owner)));
            _requireActive(spender, load(spender).isActive() ? 0 : Restriction.SPENDER_NOT_ACTIVE);
        }
        super._approve(owner, spender, value, emitEvent);
    }

    function _spendAllowance(address owner, address spender, uint256 value) internal override {
        _requireActive(spender, load(spender).isActive() ? 0 : Restriction.SPENDER_NOT_ACTIVE);
        super._spendAllowance(owner, spender, value);
    }

    function _requireActive(address account, uint8 code) private pure {
        if (code != 0) revert TransferRestricted(code, account);
    }

    // ONE FUNCTION, SEVERAL PARENTS

    function _update(address from, address to, uint256 amount) internal override(ERC20, Ledger) {
        super._update(from, to, amount);
    }

    function balanceOf(address account) public view override(ERC20, Ledger) returns (uint256) {
        return super.balanceOf(account);
    }

    function totalSupply() public view override(ERC20, Settlement) returns (uint256) {
        return super.totalSupply();
    }
}
