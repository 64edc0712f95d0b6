// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SUPPLY_MAX} from "./AccountWord.sol";
import {Roles} from "./Roles.sol";

/// How much a settlement key may mint: a daily allowance that fills up again with time, evenly over 24 hours. Whoever
/// steals the key can mint no more than one allowance at once, and one more a day until the role is revoked (and never
/// above the attested reserve).
abstract contract MinterAllowances is Roles {
    /// Sets how much a settlement key may mint.
    bytes32 public constant MINT_LIMITER_ROLE = keccak256("MINT_LIMITER_ROLE");

    /// `left` counts unit-seconds, 86,400 to the unit: what a second adds is a whole number of them, so that however often
    /// the allowance is used, nothing of what time adds is rounded away.
    struct MinterAllowance {
        uint88 perDay;
        uint112 left;
        uint56 since;
    }

    event MinterAllowanceSet(address indexed minter, uint256 perDay);

    error AllowanceTooLarge(uint256 perDay, uint256 most);

    mapping(address minter => MinterAllowance) private _minterAllowances;

    /// A new allowance starts full.
    function setMinterAllowance(address minter, uint256 perDay) external onlyRole(MINT_LIMITER_ROLE) {
        _setMinterAllowance(minter, perDay);
    }

    /// What `minter` may mint now, and its allowance a day.
    function minterAllowance(address minter) external view returns (uint256 mintable, uint256 perDay) {
        return (_mintable(minter), _minterAllowances[minter].perDay);
    }

    function _setMinterAllowance(address minter, uint256 perDay) internal {
        if (perDay > SUPPLY_MAX) revert AllowanceTooLarge(perDay, SUPPLY_MAX);
        _minterAllowances[minter] = MinterAllowance(uint88(perDay), uint112(perDay * 1 days), uint56(block.timestamp));
        emit MinterAllowanceSet(minter, perDay);
    }

    function _mintable(address minter) internal view returns (uint256) {
        return _refilled(minter) / 1 days;
    }

    /// `minted` is at most what was mintable.
    function _spendMinterAllowance(address minter, uint256 minted) internal {
        uint256 left = _refilled(minter) - minted * 1 days;
        MinterAllowance storage allowance_ = _minterAllowances[minter];
        allowance_.left = uint112(left);
        allowance_.since = uint56(block.timestamp);
    }

    function _refilled(address minter) private view returns (uint256) {
        MinterAllowance memory allowance_ = _minterAllowances[minter];
        uint256 most = uint256(allowance_.perDay) * 1 days;
        uint256 refilled = allowance_.left + (block.timestamp - allowance_.since) * allowance_.perDay;
        return refilled < most ? refilled : most;
    }
}
