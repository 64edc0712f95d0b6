// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ACCOUNTS, ACTIVE, AccountWord, ISSUER, STANDING_SHIFT, STATUS_MASK, load} from "./AccountWord.sol";
import {
    AMOUNT_MAX,
    DEBIT_SPAN,
    DEBTOR_MASK,
    KIND_SHIFT,
    LEG_BYTES,
    Leg,
    MINT,
    MINT_LEAST,
    REDEEM,
    REDEEM_LEAST,
    TRANSFER_LEAST,
    VALUE_MASK,
    amountOf,
    transferLeg
} from "./Leg.sol";
import {Registry} from "./Registry.sol";
import {Restriction} from "./Restriction.sol";

/// The choke point: `_moveAll` is the only function that changes a balance. It takes legs (see Leg.sol), asks the registry
/// about both parties of each, and answers with a code per leg instead of reverting, so that a batch can go on past a leg
/// that fails. ERC-20's `_update`, through which OpenZeppelin's transfer, transferFrom and ERC-3009 functions pass, is a
/// batch of one that reverts when its leg fails.
///
/// Tokens are minted out of the zero address and burnt into it: while a settlement batch runs, its word stands for the
/// issuer and holds what may still be minted (see Settlement.sol). At all other times it is not registered.
abstract contract Ledger is ERC20, Pausable, Registry {
    error TransferRestricted(uint8 code, address account);
    error InsufficientUnlockedBalance(address account, uint256 unlocked, uint256 needed);

    // Whose order a movement is: the part of the debtor's standing that counts, which then must be ACTIVE and nothing else.
    // By the settlement key: managed as well. By the holder: custody does not matter. By a court: nothing matters.
    uint256 internal constant BY_SETTLEMENT = 0xff << STANDING_SHIFT;
    uint256 internal constant BY_HOLDER = STATUS_MASK << STANDING_SHIFT;
    uint256 internal constant BY_ORDER = 0;

    uint256 private constant TRANSFER_TOPIC = uint256(keccak256("Transfer(address,address,uint256)"));

    function balanceOf(address account) public view virtual override returns (uint256) {
        return load(account).balance();
    }

    /// Carry out the legs that lie in calldata.
    function _moveAll(Leg[] calldata instructions, uint256 authority) internal returns (bytes memory codes) {
        uint256 start;
        uint256 size = instructions.length * LEG_BYTES;
        assembly ("memory-safe") {
            start := mload(0x40)
            mstore(0x40, add(start, size))
            calldatacopy(start, instructions.offset, size)
        }
        codes = _moveAll(start, start + size, authority);
    }

    /// Carry out the legs that lie in memory from `start` to `end`. One code per leg, 0 for one that moved.
    /// A single test covers every rule; only where it fails, `_refusal` finds out which rule it was.
    function _moveAll(uint256 start, uint256 end, uint256 authority) internal returns (bytes memory codes) {
        codes = new bytes((end - start) / LEG_BYTES);
        unchecked {
            for (uint256 cursor = start; cursor != end; cursor += LEG_BYTES) {
                uint256 debit;
                uint256 credit;
                assembly ("memory-safe") {
                    debit := mload(cursor)
                    credit := mload(add(cursor, 0x20))
                }
                uint256 debtorIs = uint256(ACTIVE) << STANDING_SHIFT;
                uint256 creditorIs = uint256(ACTIVE) << STANDING_SHIFT;
                if (debit - TRANSFER_LEAST >= DEBIT_SPAN) {
                    if (debit - MINT_LEAST < DEBIT_SPAN) debtorIs = uint256(ISSUER) << STANDING_SHIFT;
                    else if (debit - REDEEM_LEAST < DEBIT_SPAN) creditorIs = uint256(ISSUER) << STANDING_SHIFT;
                    else creditorIs = STATUS_MASK << STANDING_SHIFT;
                }
                if (!_move(debit, credit, authority, debtorIs, creditorIs)) {
                    codes[(cursor - start) / LEG_BYTES] = bytes1(_refusal(debit, credit, authority));
                }
            }
        }
    }

    /// Move if the debtor's standing, masked with `authority`, is `debtorIs`, the creditor's status is `creditorIs`, and the
    /// debtor has enough that is not locked. Unchecked arithmetic is proven: balances stay below 2**89, amounts below
    /// 2**53, locked amounts below 2**89, each in a field of 96 bits.
    function _move(uint256 debit, uint256 credit, uint256 authority, uint256 debtorIs, uint256 creditorIs)
        private
        returns (bool moved)
    {
        (uint256 accounts, uint256 debtorMask, uint256 valueMask) = (ACCOUNTS, DEBTOR_MASK, VALUE_MASK);
        (uint256 statusMask, uint256 topic) = (STATUS_MASK << STANDING_SHIFT, TRANSFER_TOPIC);
        assembly ("memory-safe") {
            let debtor := and(debit, debtorMask)
            let value := and(debit, valueMask)
            let debtorSlot := or(debtor, accounts)
            let creditorSlot := or(credit, accounts)
            let from := sload(debtorSlot)
            let to := sload(creditorSlot)
            moved :=
                iszero(
                    or(
                        or(
                            and(xor(from, debtorIs), authority),
                            and(xor(to, creditorIs), statusMask)
                        ),
                        or(
                            // balance < amount + locked, compared where the balance lies; bits below it change nothing
                            lt(from, add(value, shl(160, from))),
                            // reserved bits set, or the same account on both sides
                            or(shr(160, credit), eq(debtor, credit))
                        )
                    )
                )
            if moved {
                sstore(debtorSlot, sub(from, value))
                sstore(creditorSlot, add(to, value))
                mstore(0x00, shr(160, value))
                log3(0x00, 0x20, topic, debtor, credit)
            }
        }
    }

    /// Why `_move` refused, in order of precedence. The code of an exhausted issuer stands in its word.
    function _refusal(uint256 debit, uint256 credit, uint256 authority) private view returns (uint8 code) {
        uint256 kind = debit >> KIND_SHIFT;
        uint256 amount = amountOf(debit);
        address debtor = address(uint160(debit));
        address creditor = address(uint160(credit));
        bool nobodyPays = kind == MINT;
        bool nobodyGets = kind == REDEEM;
        if (
            kind < MINT || kind > REDEEM || credit >> 160 != 0 || debtor == creditor || nobodyPays != (debtor == address(0))
                || nobodyGets != (creditor == address(0))
        ) return Restriction.INVALID_INSTRUCTION;
        if (amount == 0 || amount > AMOUNT_MAX) return Restriction.INVALID_AMOUNT;

        AccountWord from = load(debtor);
        if (!nobodyPays && authority != BY_ORDER) {
            if ((code = Restriction.ofDebtor(from)) != 0) return code;
            if (authority == BY_SETTLEMENT && from.isSelfCustody()) return Restriction.DEBTOR_IN_SELF_CUSTODY;
        }
        if (!nobodyGets && (code = Restriction.ofCreditor(load(creditor))) != 0) return code;
        return nobodyPays ? from.exhausted() : Restriction.ofAmount(from, amount);
    }

    // ERC-20

    /// Every ERC-20 movement, on the holder's own authority. OpenZeppelin's minting and burning do not pass, for the zero
    /// address is not registered.
    function _update(address from, address to, uint256 amount) internal virtual override {
        _requireAllowed(_tryMove(from, to, amount, BY_HOLDER), from, to, amount);
    }

    /// One movement outside a batch: its code, 0 if it moved. ERC-20 wants a holder's transfer of nothing, or to itself, to be
    /// treated as any other: the same rules, nothing but the event. From a court either is malformed.
    function _tryMove(address from, address to, uint256 amount, uint256 authority) internal returns (uint8 code) {
        _requireNotPaused();
        if (amount > AMOUNT_MAX) return Restriction.INVALID_AMOUNT;
        if (authority == BY_HOLDER && (amount == 0 || from == to)) {
            code = detect(load(from), load(to), amount);
            if (code == 0) emit Transfer(from, to, amount);
            return code;
        }
        Leg memory leg = transferLeg(from, to, amount);
        uint256 start;
        assembly ("memory-safe") {
            start := leg
        }
        return uint8(_moveAll(start, start + LEG_BYTES, authority)[0]);
    }

    /// Revert with the error that carries a code's numbers.
    function _requireAllowed(uint8 code, address from, address to, uint256 amount) internal view {
        if (code == Restriction.INSUFFICIENT_BALANCE) revert ERC20InsufficientBalance(from, balanceOf(from), amount);
        if (code == Restriction.INSUFFICIENT_UNLOCKED_BALANCE) {
            revert InsufficientUnlockedBalance(from, load(from).available(), amount);
        }
        if (code != 0) revert TransferRestricted(code, code < Restriction.CREDITOR_NOT_REGISTERED ? from : to);
    }

    function _requireSpender(address spender) internal view {
        if (!load(spender).isActive()) revert TransferRestricted(Restriction.SPENDER_NOT_ACTIVE, spender);
    }

    /// What would forbid `from` to send `amount` to `to` by its own key.
    function detect(AccountWord from, AccountWord to, uint256 amount) internal pure returns (uint8 code) {
        if (amount > AMOUNT_MAX) return Restriction.INVALID_AMOUNT;
        if ((code = Restriction.ofDebtor(from)) != 0) return code;
        if ((code = Restriction.ofCreditor(to)) != 0) return code;
        return Restriction.ofAmount(from, amount);
    }
}
