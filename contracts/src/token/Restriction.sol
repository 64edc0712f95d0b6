// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord, ACTIVE, NONE} from "./AccountWord.sol";

/// Why tokens may not move: one code each, in order of precedence (the lowest that applies is the one reported). The same
/// codes come out of `settle` per leg, of ERC-1404's detectTransferRestriction, and of the TransferRestricted error.
library Restriction {
    uint8 internal constant ALLOWED = 0;
    uint8 internal constant PAUSED = 1;
    uint8 internal constant INVALID_INSTRUCTION = 2;
    uint8 internal constant INVALID_AMOUNT = 3;
    uint8 internal constant DEBTOR_NOT_REGISTERED = 4;
    uint8 internal constant DEBTOR_SUSPENDED = 5;
    uint8 internal constant DEBTOR_FROZEN = 6;
    uint8 internal constant DEBTOR_CLOSED = 7;
    uint8 internal constant DEBTOR_IN_SELF_CUSTODY = 8;
    uint8 internal constant CREDITOR_NOT_REGISTERED = 9;
    uint8 internal constant CREDITOR_SUSPENDED = 10;
    uint8 internal constant CREDITOR_FROZEN = 11;
    uint8 internal constant CREDITOR_CLOSED = 12;
    uint8 internal constant SPENDER_NOT_ACTIVE = 13;
    uint8 internal constant INSUFFICIENT_BALANCE = 14;
    uint8 internal constant INSUFFICIENT_UNLOCKED_BALANCE = 15;
    uint8 internal constant ABOVE_ATTESTED_RESERVE = 16;
    uint8 internal constant ABOVE_MINTER_ALLOWANCE = 17;

    /// What forbids this account to send, by its status alone.
    function ofDebtor(AccountWord debtor) internal pure returns (uint8) {
        uint8 status = debtor.status();
        if (status == ACTIVE) return ALLOWED;
        return status == NONE ? DEBTOR_NOT_REGISTERED : DEBTOR_NOT_REGISTERED - 1 + status;
    }

    /// What forbids this account to receive.
    function ofCreditor(AccountWord creditor) internal pure returns (uint8) {
        uint8 status = creditor.status();
        if (status == ACTIVE) return ALLOWED;
        return status == NONE ? CREDITOR_NOT_REGISTERED : CREDITOR_NOT_REGISTERED - 1 + status;
    }

    /// What forbids this account to part with this amount.
    function ofAmount(AccountWord debtor, uint256 amount) internal pure returns (uint8) {
        if (amount <= debtor.available()) return ALLOWED;
        return amount > debtor.balance() ? INSUFFICIENT_BALANCE : INSUFFICIENT_UNLOCKED_BALANCE;
    }

    /// A sentence of at most 32 bytes, so that the table stays small.
    function message(uint8 code) internal pure returns (bytes32) {
        if (code == ALLOWED) return "allowed";
        if (code == PAUSED) return "token is paused";
        if (code == INVALID_INSTRUCTION) return "instruction is malformed";
        if (code == INVALID_AMOUNT) return "amount is zero or too large";
        if (code == DEBTOR_NOT_REGISTERED) return "debtor is not registered";
        if (code == DEBTOR_SUSPENDED) return "debtor is suspended";
        if (code == DEBTOR_FROZEN) return "debtor is frozen";
        if (code == DEBTOR_CLOSED) return "debtor is closed";
        if (code == DEBTOR_IN_SELF_CUSTODY) return "debtor is in self custody";
        if (code == CREDITOR_NOT_REGISTERED) return "creditor is not registered";
        if (code == CREDITOR_SUSPENDED) return "creditor is suspended";
        if (code == CREDITOR_FROZEN) return "creditor is frozen";
        if (code == CREDITOR_CLOSED) return "creditor is closed";
        if (code == SPENDER_NOT_ACTIVE) return "spender is not active";
        if (code == INSUFFICIENT_BALANCE) return "balance is too small";
        if (code == INSUFFICIENT_UNLOCKED_BALANCE) return "balance is partly frozen or held";
        if (code == ABOVE_ATTESTED_RESERVE) return "above the attested reserve";
        if (code == ABOVE_MINTER_ALLOWANCE) return "above the minter's allowance";
        return "unknown code";
    }
}
