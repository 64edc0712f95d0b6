// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord, LOCKED_MAX, NONE, load, store} from "./AccountWord.sol";
import {Ledger} from "./Ledger.sol";
import {Restriction} from "./Restriction.sol";

/// Court orders, in ERC-7943's words: freeze part of an account's balance, and transfer without the holder's consent, also
/// from an account that is suspended, frozen or closed to payments. ERC-7943's forcedTransfer has no place for a reason; here
/// none goes without, so its interface id is not claimed under ERC-165.
abstract contract Enforcement is Ledger {
    event Frozen(address indexed account, uint256 amount);
    event ForcedTransfer(address indexed from, address indexed to, uint256 amount);
    event ForcedTransferReason(address indexed from, address indexed to, uint256 amount, string reason);

    error FreezeTooLarge(uint256 amount, uint256 most);
    error ReasonMissing();
    error AmountHeld(address account, uint256 notHeld, uint256 needed);

    /// What is held of each account (see Holds.sol); the rest of what is locked is frozen.
    mapping(address account => uint256) internal _held;

    /// The amount frozen after this call, whatever it was before; it may exceed the balance, then what arrives is frozen too.
    function setFrozenTokens(address account, uint256 amount) external onlyRole(ENFORCER_ROLE) returns (bool) {
        AccountWord word = load(account);
        if (word.status() == NONE) revert NotRegistered(account);
        uint256 held = _held[account];
        if (amount > LOCKED_MAX - held) revert FreezeTooLarge(amount, LOCKED_MAX - held);
        store(account, word.withLocked(held + amount));
        emit Frozen(account, amount);
        return true;
    }

    /// Take `amount` from `from`, frozen tokens last, and give it to an active account. Held tokens are another party's
    /// claim: the hold is released first.
    function forcedTransfer(address from, address to, uint256 amount, string calldata reason)
        external
        onlyRole(ENFORCER_ROLE)
        returns (bool)
    {
        if (bytes(reason).length == 0) revert ReasonMissing();
        AccountWord word = load(from);
        uint256 held = _held[from];
        uint256 frozen = word.locked() - held;
        uint256 unlocked = word.available();
        if (amount > unlocked) {
            uint256 taken = amount - unlocked;
            frozen = taken < frozen ? frozen - taken : 0;
            emit Frozen(from, frozen);
        }
        // What is frozen may exceed the balance. It is locked again when the amount has moved; until then only what is held is.
        store(from, word.withLocked(held));
        uint8 code = _tryMove(from, to, amount, BY_ORDER);
        if (code == Restriction.INSUFFICIENT_UNLOCKED_BALANCE) revert AmountHeld(from, word.balance() - held, amount);
        _requireAllowed(code, from, to, amount);
        store(from, load(from).withLocked(held + frozen));
        emit ForcedTransfer(from, to, amount);
        emit ForcedTransferReason(from, to, amount, reason);
        return true;
    }

    function getFrozenTokens(address account) external view returns (uint256) {
        return load(account).locked() - _held[account];
    }

    function heldTokens(address account) external view returns (uint256) {
        return _held[account];
    }
}
