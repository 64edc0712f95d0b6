// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {RegisteredToken} from "./RegisteredToken.sol";
import {Ledger} from "./token/Ledger.sol";
import {Settlement} from "./token/Settlement.sol";

/// A bank's deposit token in one currency: claims of member banks on deposits in the issuer's own books, 1:1.
/// A base unit is a minor unit of the currency. README.md says for each method who may call it and when it fails.
contract DepositToken is Settlement, RegisteredToken {
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

    string private _currency;

    constructor(Setup memory setup)
        RegisteredToken(
            setup.name,
            setup.symbol,
            setup.decimals,
            setup.adminDelay,
            setup.admin,
            setup.settlement,
            setup.registrar,
            setup.pauser,
            setup.enforcer
        )
    {
        _currency = setup.currency;
        _grantRole(ATTESTOR_ROLE, setup.attestor);
        _grantRole(MINT_LIMITER_ROLE, setup.admin);
        _setMinterAllowance(setup.settlement, setup.mintPerDay);
    }

    /// ISO 4217 code of the currency.
    function currency() external view returns (string memory) {
        return _currency;
    }

    // ONE FUNCTION, SEVERAL PARENTS

    function decimals() public view override(ERC20, RegisteredToken) returns (uint8) {
        return super.decimals();
    }

    function totalSupply() public view override(ERC20, Settlement) returns (uint256) {
        return super.totalSupply();
    }

    function balanceOf(address account) public view override(Ledger, RegisteredToken) returns (uint256) {
        return super.balanceOf(account);
    }

    function transferFrom(address from, address to, uint256 value)
        public
        override(ERC20, RegisteredToken)
        returns (bool)
    {
        return super.transferFrom(from, to, value);
    }

    function _approve(address owner, address spender, uint256 value, bool emitEvent)
        internal
        override(ERC20, RegisteredToken)
    {
        super._approve(owner, spender, value, emitEvent);
    }

    function _update(address from, address to, uint256 amount) internal override(Ledger, RegisteredToken) {
        super._update(from, to, amount);
    }
}
