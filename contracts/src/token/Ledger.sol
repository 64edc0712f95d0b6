// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ACCOUNTS, AccountWord, BALANCE_SHIFT, STANDING_BYTE, load, store} from "./AccountWord.sol";
import {Registry} from "./Registry.sol";
import {Restriction} from "./Restriction.sol";

/// The choke point: the only file that changes a balance. Three movements, `_move`, `_issue` and `_withdraw`; each asks
/// the registry about every party and answers with a restriction code instead of reverting, so that a batch can go on.
/// ERC-20's `_update`, through which OpenZeppelin's transfer, transferFrom, permit and ERC-3009 functions pass, calls
/// `_move` and reverts with the code.
abstract contract Ledger is ERC20, Pausable, Registry {
    error TransferRestricted(uint8 code, address account);
    error InsufficientUnlockedBalance(address account, uint256 unlocked, uint256 needed);

    uint256 internal constant ADDRESS = type(uint160).max;
    uint256 internal constant VALUE = uint256(type(uint88).max) << BALANCE_SHIFT;

    /// Whose order a movement is: the part of the debtor's standing that counts; masked with it, the standing must be
    /// active and nothing else. By the settlement key: active and managed.
    uint256 internal constant BY_SETTLEMENT = 0xff;
    /// Active; custody does not matter, for the holder itself gave the order.
    uint256 internal constant BY_HOLDER = 0x7f;
    /// Any standing: a court ordered it.
    uint256 internal constant BY_ORDER = 0x00;

    uint256 private constant TRANSFER_TOPIC = uint256(keccak256("Transfer(address,address,uint256)"));

    function balanceOf(address account) public view virtual override returns (uint256) {
        return load(account).balance();
    }

    /// Move `debit`'s amount (bits 160..247) from `debit`'s address to `credit`, or answer why not. The two must differ.
    /// One test covers every rule; only when it fails `_refusal` finds out which one it was.
    function _move(uint256 debit, uint256 credit, uint256 authority) internal returns (uint256 code) {
        bool refused;
        uint256 accounts = ACCOUNTS;
        uint256 addressMask = ADDRESS;
        uint256 valueMask = VALUE;
        uint256 topic = TRANSFER_TOPIC;
        uint256 standingByte = STANDING_BYTE;
        assembly ("memory-safe") {
            let debtor := and(debit, addressMask)
            let value := and(debit, valueMask)
            let fromSlot := or(debtor, accounts)
            let from := sload(fromSlot)
            let toSlot := or(credit, accounts)
            let to := sload(toSlot)
            refused :=
                or(
                    or(
                        // debtor's standing, as far as it counts: 1; creditor's status: active
                        xor(and(byte(standingByte, from), authority), and(authority, 1)),
                        xor(and(byte(standingByte, to), 0x7f), 1)
                    ),
                    or(
                        // balance < amount + locked, compared where the balance lies: the bits below it do not matter
                        lt(from, add(value, shl(160, from))),
                        // reserved bits of credit set, or one account on both sides
                        or(shr(160, credit), eq(debtor, credit))
                    )
                )
            if iszero(refused) {
                sstore(fromSlot, sub(from, value))
                sstore(toSlot, add(to, value))
                mstore(0x00, shr(160, value))
                log3(0x00, 0x20, topic, debtor, credit)
            }
        }
        if (refused) code = _refusal(debit, credit, authority);
    }

    /// Why `_move` refused, in order of precedence. Never ALLOWED where `_move` refuses.
    function _refusal(uint256 debit, uint256 credit, uint256 authority) private view returns (uint8 code) {
        address debtor = address(uint160(debit));
        if (credit >> 160 != 0 || uint256(uint160(debtor)) == credit) return Restriction.INVALID_INSTRUCTION;
        AccountWord from = load(debtor);
        if (authority != BY_ORDER) {
            if ((code = Restriction.ofDebtor(from)) != 0) return code;
            if (authority == BY_SETTLEMENT && from.isSelfCustody()) return Restriction.DEBTOR_IN_SELF_CUSTODY;
        }
        if ((code = Restriction.ofCreditor(load(address(uint160(credit))))) != 0) return code;
        return Restriction.ofAmount(from, (debit & VALUE) >> BALANCE_SHIFT);
    }

    /// New tokens for `creditor`, unless its status or else `limit` (a code, or 0) forbids. The caller keeps the total.
    function _issue(address creditor, uint256 amount, uint256 limit) internal returns (uint256 code) {
        AccountWord word = load(creditor);
        if ((code = Restriction.ofCreditor(word)) != 0) return code;
        if (limit != 0) return limit;
        unchecked {
            store(creditor, AccountWord.wrap(word.raw() + (amount << BALANCE_SHIFT)));
        }
        emit Transfer(address(0), creditor, amount);
    }

    /// Tokens of a managed `debtor` cease to exist. The caller keeps the total.
    function _withdraw(address debtor, uint256 amount) internal returns (uint256 code) {
        AccountWord word = load(debtor);
        if ((code = Restriction.ofDebtor(word)) != 0) return code;
        if (word.isSelfCustody()) return Restriction.DEBTOR_IN_SELF_CUSTODY;
        if ((code = Restriction.ofAmount(word, amount)) != 0) return code;
        unchecked {
            store(debtor, AccountWord.wrap(word.raw() - (amount << BALANCE_SHIFT)));
        }
        emit Transfer(debtor, address(0), amount);
    }

    /// Every ERC-20 movement between two holders, on the holder's own authority. OpenZeppelin's minting and burning do
    /// not pass: neither side may be the zero address, which is never registered.
    function _update(address from, address to, uint256 amount) internal virtual override {
        _moveOrRevert(from, to, amount, BY_HOLDER);
    }

    function _moveOrRevert(address from, address to, uint256 amount, uint256 authority) internal whenNotPaused {
        if (amount > type(uint88).max) revert ERC20InsufficientBalance(from, balanceOf(from), amount);
        if (from == to) {
            // ERC-20 allows it; nothing but the event happens, under the same rules.
            AccountWord word = load(from);
            uint8 code = Restriction.ofDebtor(word);
            if (code == 0) code = Restriction.ofAmount(word, amount);
            if (code != 0) _revert(code, from, to, amount);
            emit Transfer(from, to, amount);
            return;
        }
        uint256 debit = (amount << BALANCE_SHIFT) | uint160(from);
        uint256 refusal = _move(debit, uint160(to), authority);
        if (refusal != 0) _revert(uint8(refusal), from, to, amount);
    }

    function _revert(uint8 code, address from, address to, uint256 amount) private view {
        if (code == Restriction.INSUFFICIENT_BALANCE) revert ERC20InsufficientBalance(from, balanceOf(from), amount);
        if (code == Restriction.INSUFFICIENT_UNLOCKED_BALANCE) {
            revert InsufficientUnlockedBalance(from, load(from).available(), amount);
        }
        revert TransferRestricted(code, code < Restriction.CREDITOR_NOT_REGISTERED ? from : to);
    }
}
