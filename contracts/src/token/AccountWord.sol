// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Everything the token keeps of one account, in one storage word, so that a settlement leg costs one load and one
/// store per account:
///
///     bits 160..255  balance   minor units; on top, so that adding to or taking from the word moves only the balance
///     bits 152..159  standing  low 7 bits: status; high bit: self custody
///     bits 120..151  member    the member bank the account belongs to
///     bits  96..119  reserved  zero
///     bits   0..95   locked    minor units the holder may not spend: frozen by order plus held
///
/// The word of account A lies at storage slot ACCOUNTS + A: a fixed 96-bit prefix followed by the address. No other slot of
/// this contract can have that prefix: declared variables have small numbers, and a mapping's slot is a keccak hash.
type AccountWord is uint256;

uint256 constant ACCOUNTS = uint256(keccak256("ledger-node.deposit-token.accounts")) & ~uint256(type(uint160).max);

uint256 constant BALANCE_SHIFT = 160;
uint256 constant STANDING_SHIFT = 152;
uint256 constant MEMBER_SHIFT = 120;

uint256 constant STATUS_MASK = 0x7f;
uint256 constant SELF_CUSTODY = 0x80;

// Supply, and with it every balance, stays at or below this, and so does what is locked of one account: the sum of a balance
// or a locked amount and a leg's amount always fits its 96 bits.
uint256 constant SUPPLY_MAX = type(uint88).max;
uint256 constant LOCKED_MAX = type(uint88).max;

uint8 constant NONE = 0;
uint8 constant ACTIVE = 1;
uint8 constant SUSPENDED = 2;
uint8 constant FROZEN = 3;
uint8 constant CLOSED = 4;
// Of the zero address alone, and only while a batch runs.
uint8 constant ISSUER = 5;

using {
    balance, locked, available, standing, status, isSelfCustody, member, isActive, withLocked, withStatus, raw, exhausted
} for AccountWord global;

function load(address account) view returns (AccountWord word) {
    uint256 slot = ACCOUNTS | uint160(account);
    assembly ("memory-safe") {
        word := sload(slot)
    }
}

function store(address account, AccountWord word) {
    uint256 slot = ACCOUNTS | uint160(account);
    assembly ("memory-safe") {
        sstore(slot, word)
    }
}

function opened(uint32 memberId, bool selfCustody) pure returns (AccountWord) {
    uint256 flags = selfCustody ? SELF_CUSTODY | ACTIVE : ACTIVE;
    return AccountWord.wrap((flags << STANDING_SHIFT) | (uint256(memberId) << MEMBER_SHIFT));
}

function raw(AccountWord word) pure returns (uint256) {
    return AccountWord.unwrap(word);
}

function balance(AccountWord word) pure returns (uint256) {
    return word.raw() >> BALANCE_SHIFT;
}

function locked(AccountWord word) pure returns (uint256) {
    return uint96(word.raw());
}

/// What the holder may spend. A freeze may exceed the balance; then it is nothing.
function available(AccountWord word) pure returns (uint256) {
    uint256 held = word.locked();
    uint256 total = word.balance();
    return total > held ? total - held : 0;
}

/// Status and custody in one byte: ACTIVE exactly when the account is active and managed.
function standing(AccountWord word) pure returns (uint256) {
    return uint8(word.raw() >> STANDING_SHIFT);
}

function status(AccountWord word) pure returns (uint8) {
    return uint8(word.standing() & STATUS_MASK);
}

function isSelfCustody(AccountWord word) pure returns (bool) {
    return word.standing() & SELF_CUSTODY != 0;
}

function isActive(AccountWord word) pure returns (bool) {
    return word.status() == ACTIVE;
}

function member(AccountWord word) pure returns (uint32) {
    return uint32(word.raw() >> MEMBER_SHIFT);
}

function withLocked(AccountWord word, uint256 amount) pure returns (AccountWord) {
    return AccountWord.wrap((word.raw() & ~uint256(type(uint96).max)) | amount);
}

function withStatus(AccountWord word, uint8 newStatus) pure returns (AccountWord) {
    return AccountWord.wrap((word.raw() & ~(STATUS_MASK << STANDING_SHIFT)) | (uint256(newStatus) << STANDING_SHIFT));
}

// THE ISSUER'S WORD: the zero address while a batch runs. Its balance is what may still be minted, its member field the code
// to answer when that is not enough. What may be minted can be below zero at first (the reserve fell, redeems follow), so
// both balance and locked are raised by ISSUER_BASE.

uint256 constant ISSUER_BASE = 1 << 88;

function issuer(uint256 mintableAboveBase, uint8 exhaustedCode) pure returns (AccountWord) {
    uint256 word = (mintableAboveBase << BALANCE_SHIFT) | (uint256(ISSUER) << STANDING_SHIFT);
    return AccountWord.wrap(word | (uint256(exhaustedCode) << MEMBER_SHIFT) | ISSUER_BASE);
}

function exhausted(AccountWord word) pure returns (uint8) {
    return uint8(word.raw() >> MEMBER_SHIFT);
}
