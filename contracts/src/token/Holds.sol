// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord, NONE, load, store} from "./AccountWord.sol";
import {Enforcement} from "./Enforcement.sol";
import {Restriction} from "./Restriction.sol";

/// Holds, the base of escrow: the payer locks an amount for a payee, a notary lets it go to the payee or back. The tokens stay
/// the payer's, and in the payer's balance, until the notary executes; nobody else can spend or seize them meanwhile.
/// From its expiry on a hold can only be released, by anybody.
abstract contract Holds is Enforcement {
    struct Hold {
        address payer;
        uint88 amount;
        bool open;
        address payee;
        uint64 expiresAt;
        address notary;
    }

    event HoldPlaced(
        bytes32 indexed holdId,
        address indexed payer,
        address indexed payee,
        address notary,
        uint256 amount,
        uint256 expiresAt
    );
    event HoldExecuted(bytes32 indexed holdId);
    event HoldReleased(bytes32 indexed holdId, bool expired);

    error HoldExists(bytes32 holdId);
    error HoldNotOpen(bytes32 holdId);
    error HoldExpired(bytes32 holdId, uint256 expiresAt);
    error NotAllowedByHold(bytes32 holdId, address caller);

    mapping(bytes32 holdId => Hold) private _holds;

    /// The payer places it itself; for a managed account the settlement key does.
    function placeHold(
        bytes32 holdId,
        address payer,
        address payee,
        address notary,
        uint256 amount,
        uint64 expiresAt
    ) external whenNotPaused {
        AccountWord from = load(payer);
        bool bySettlement = !from.isSelfCustody() && hasRole(SETTLEMENT_ROLE, msg.sender);
        if (msg.sender != payer && !bySettlement) revert NotAllowedByHold(holdId, msg.sender);
        if (_holds[holdId].payer != address(0)) revert HoldExists(holdId);
        if (expiresAt <= block.timestamp) revert HoldExpired(holdId, expiresAt);
        _requireAllowed(amount == 0 ? Restriction.INVALID_AMOUNT : detect(from, load(payee), amount), payer, payee, amount);

        _holds[holdId] = Hold(payer, uint88(amount), true, payee, expiresAt, notary);
        _held[payer] += amount;
        store(payer, from.withLocked(from.locked() + amount));
        emit HoldPlaced(holdId, payer, payee, notary, amount, expiresAt);
    }

    /// By the notary, before the expiry. Payer and payee are judged as for any transfer. A notary need not be an account (a
    /// contract that settles trades is none), but one that is has to be active.
    function executeHold(bytes32 holdId) external {
        Hold memory hold_ = _open(holdId);
        if (msg.sender != hold_.notary) revert NotAllowedByHold(holdId, msg.sender);
        if (block.timestamp >= hold_.expiresAt) revert HoldExpired(holdId, hold_.expiresAt);
        _unlock(holdId, hold_);
        uint8 code = _tryMove(hold_.payer, hold_.payee, hold_.amount, BY_HOLDER);
        AccountWord notary = load(hold_.notary);
        if (notary.status() != NONE && (code == 0 || code > Restriction.SPENDER_NOT_ACTIVE)) _requireSpender(hold_.notary);
        _requireAllowed(code, hold_.payer, hold_.payee, hold_.amount);
        emit HoldExecuted(holdId);
    }

    /// By notary, payee or enforcer at any time, by anybody from the expiry on. Moves nothing, so it works while paused.
    function releaseHold(bytes32 holdId) external {
        Hold memory hold_ = _open(holdId);
        bool expired = block.timestamp >= hold_.expiresAt;
        bool allowed = expired || msg.sender == hold_.notary || msg.sender == hold_.payee
            || hasRole(ENFORCER_ROLE, msg.sender);
        if (!allowed) revert NotAllowedByHold(holdId, msg.sender);
        _unlock(holdId, hold_);
        emit HoldReleased(holdId, expired);
    }

    function hold(bytes32 holdId) external view returns (Hold memory) {
        return _holds[holdId];
    }

    function _open(bytes32 holdId) private view returns (Hold memory hold_) {
        hold_ = _holds[holdId];
        if (!hold_.open) revert HoldNotOpen(holdId);
    }

    function _unlock(bytes32 holdId, Hold memory hold_) private {
        _holds[holdId].open = false;
        _held[hold_.payer] -= hold_.amount;
        AccountWord word = load(hold_.payer);
        store(hold_.payer, word.withLocked(word.locked() - hold_.amount));
    }
}
