// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BALANCE_SHIFT} from "./AccountWord.sol";

/// One movement of tokens, in two words:
///
///     debit   bits 248..255 kind, 160..247 amount, 0..159 debtor (zero for a mint)
///     credit  bits   0..159 creditor (zero for a redeem); the others are reserved and zero
///
/// The amount lies where an account's balance lies, so that it is added and subtracted without being shifted.
struct Leg {
    uint256 debit;
    uint256 credit;
}

uint256 constant LEG_BYTES = 64;
uint256 constant KIND_SHIFT = 248;

uint256 constant MINT = 1;
uint256 constant TRANSFER = 2;
uint256 constant REDEEM = 3;

// The largest amount of one leg: 2**53 - 1, which every JSON reader holds exactly.
uint256 constant AMOUNT_MAX = 2 ** 53 - 1;

uint256 constant DEBTOR_MASK = type(uint160).max;
uint256 constant VALUE_MASK = uint256(type(uint88).max) << BALANCE_SHIFT;

// The least `debit` of each kind is that of one unit by address zero; a well-formed one lies less than DEBIT_SPAN above it.
// So one subtraction and one comparison test the kind, and that the amount is neither zero nor too large.
uint256 constant DEBIT_SPAN = AMOUNT_MAX << BALANCE_SHIFT;
uint256 constant MINT_LEAST = (MINT << KIND_SHIFT) | (1 << BALANCE_SHIFT);
uint256 constant TRANSFER_LEAST = (TRANSFER << KIND_SHIFT) | (1 << BALANCE_SHIFT);
uint256 constant REDEEM_LEAST = (REDEEM << KIND_SHIFT) | (1 << BALANCE_SHIFT);

function transferLeg(address debtor, address creditor, uint256 amount) pure returns (Leg memory) {
    return Leg((TRANSFER << KIND_SHIFT) | (amount << BALANCE_SHIFT) | uint160(debtor), uint160(creditor));
}

function amountOf(uint256 debit) pure returns (uint256) {
    return (debit & VALUE_MASK) >> BALANCE_SHIFT;
}
