// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {BALANCE_SHIFT, SUPPLY_MAX} from "./AccountWord.sol";
import {Ledger} from "./Ledger.sol";
import {MinterAllowances} from "./MinterAllowances.sol";
import {Restriction} from "./Restriction.sol";

/// Settlement in batches: mint, transfer and redeem legs of managed accounts in one call, each judged on its own, under an
/// attestation of the reserve that the batch brings along. Here, and only here, tokens come into being and cease to be.
abstract contract Settlement is Ledger, EIP712, MinterAllowances {
    /// debit: kind (bits 248..255), amount (160..247), debtor's address (0..159).
    /// credit: creditor's address; its other bits are reserved and zero.
    struct Instruction {
        uint256 debit;
        uint256 credit;
    }

    /// What the reserve attestor says of the books: the reserve in minor units, the Merkle-sum root over all members'
    /// claims, and how far the ledger's own log had come, with its head.
    struct Attestation {
        uint256 reserve;
        bytes32 claimsRoot;
        uint256 ledgerSequence;
        bytes32 ledgerHead;
    }

    struct Totals {
        uint96 supply;
        uint96 reserve;
        uint64 ledgerSequence;
    }

    event BatchSettled(bytes32 indexed batchId, bytes codes);
    event ReserveAttested(
        bytes32 indexed batchId, uint256 reserve, bytes32 claimsRoot, uint256 ledgerSequence, bytes32 ledgerHead
    );

    error BatchAlreadySettled(bytes32 batchId, uint256 blockNumber);
    error NotAttestedByReserveAttestor(address signer);
    error AttestationOutdated(uint256 ledgerSequence, uint256 newest);
    error ReserveTooLarge(uint256 reserve, uint256 most);
    error SupplyAboveReserve(uint256 supply, uint256 reserve);

    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "ReserveAttestation(bytes32 batchId,uint256 reserve,bytes32 claimsRoot,uint256 ledgerSequence,bytes32 ledgerHead)"
    );

    uint256 private constant MINT = 1;
    uint256 private constant TRANSFER = 2;
    uint256 private constant REDEEM = 3;
    uint256 private constant KIND_SHIFT = 248;
    /// The largest amount of one leg: 2**53 - 1, which every JSON reader holds exactly.
    uint256 private constant AMOUNT_MAX = 2 ** 53 - 1;

    /// `debit` of a transfer of one unit by address zero, and how far above it a well-formed transfer can lie: subtracting
    /// the one and comparing with the other tests kind, amount > 0 and amount <= AMOUNT_MAX at once.
    uint256 private constant TRANSFER_LEAST = (TRANSFER << KIND_SHIFT) | (1 << BALANCE_SHIFT);
    uint256 private constant TRANSFER_SPAN = AMOUNT_MAX << BALANCE_SHIFT;

    Totals private _totals;

    /// The block in which a batch was settled; zero for a batch id not used yet.
    mapping(bytes32 batchId => uint256 blockNumber) public settledAt;

    function totalSupply() public view virtual override returns (uint256) {
        return _totals.supply;
    }

    function attestedReserve() external view returns (uint256) {
        return _totals.reserve;
    }

    /// The ledger sequence of the newest attestation; an older one is refused.
    function attestedSequence() external view returns (uint256) {
        return _totals.ledgerSequence;
    }

    function settle(
        bytes32 batchId,
        Instruction[] calldata instructions,
        Attestation calldata attestation,
        bytes calldata signature
    ) external onlyRole(SETTLEMENT_ROLE) {
        if (settledAt[batchId] != 0) revert BatchAlreadySettled(batchId, settledAt[batchId]);
        settledAt[batchId] = block.number;

        Totals memory totals = _totals;
        _attest(totals, batchId, attestation, signature);
        bytes memory codes = paused() ? _allPaused(instructions.length) : _settleLegs(instructions, totals);
        if (totals.supply > totals.reserve) revert SupplyAboveReserve(totals.supply, totals.reserve);
        _totals = totals;

        emit BatchSettled(batchId, codes);
        emit ReserveAttested(
            batchId,
            attestation.reserve,
            attestation.claimsRoot,
            attestation.ledgerSequence,
            attestation.ledgerHead
        );
    }

    function _attest(
        Totals memory totals,
        bytes32 batchId,
        Attestation calldata attestation,
        bytes calldata signature
    ) private view {
        if (attestation.reserve > SUPPLY_MAX) revert ReserveTooLarge(attestation.reserve, SUPPLY_MAX);
        if (attestation.ledgerSequence < totals.ledgerSequence || attestation.ledgerSequence > type(uint64).max) {
            revert AttestationOutdated(attestation.ledgerSequence, totals.ledgerSequence);
        }
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    ATTESTATION_TYPEHASH,
                    batchId,
                    attestation.reserve,
                    attestation.claimsRoot,
                    attestation.ledgerSequence,
                    attestation.ledgerHead
                )
            )
        );
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        // A signature that recovers nothing gives the zero address, which never has a role.
        if (signer == address(0) || !hasRole(ATTESTOR_ROLE, signer)) revert NotAttestedByReserveAttestor(signer);
        totals.reserve = uint96(attestation.reserve);
        totals.ledgerSequence = uint64(attestation.ledgerSequence);
    }

    function _allPaused(uint256 count) private pure returns (bytes memory codes) {
        codes = new bytes(count);
        for (uint256 i = 0; i < count; ++i) {
            codes[i] = bytes1(Restriction.PAUSED);
        }
    }

    /// One code per leg. Totals are kept on the stack and written once, by the caller.
    function _settleLegs(Instruction[] calldata instructions, Totals memory totals)
        private
        returns (bytes memory codes)
    {
        codes = new bytes(instructions.length);
        uint256 supply = totals.supply;
        uint256 mintable = _mintable(msg.sender);
        uint256 minted = 0;
        // Proven: amounts are below 2**53, supply and mintable below 2**88, cursors are positions in calldata.
        unchecked {
            uint256 start;
            assembly ("memory-safe") {
                start := instructions.offset
            }
            uint256 end = start + instructions.length * 64;
            for (uint256 cursor = start; cursor != end; cursor += 64) {
                uint256 debit;
                uint256 credit;
                assembly ("memory-safe") {
                    debit := calldataload(cursor)
                    credit := calldataload(add(cursor, 0x20))
                }
                uint256 code;
                if (debit - TRANSFER_LEAST < TRANSFER_SPAN) {
                    code = _move(debit, credit, BY_SETTLEMENT);
                } else {
                    uint256 amount = (debit & VALUE) >> BALANCE_SHIFT;
                    code = _malformed(debit, credit, amount);
                    if (code == 0 && debit >> KIND_SHIFT == MINT) {
                        uint256 limit;
                        if (supply + amount > totals.reserve) limit = Restriction.ABOVE_ATTESTED_RESERVE;
                        else if (minted + amount > mintable) limit = Restriction.ABOVE_MINTER_ALLOWANCE;
                        code = _issue(address(uint160(credit)), amount, limit);
                        if (code == 0) {
                            supply += amount;
                            minted += amount;
                        }
                    } else if (code == 0) {
                        code = _withdraw(address(uint160(debit)), amount);
                        if (code == 0) supply -= amount;
                    }
                }
                if (code != 0) codes[(cursor - start) / 64] = bytes1(uint8(code));
            }
        }
        if (minted != 0) _keepMinterAllowance(msg.sender, mintable - minted);
        totals.supply = uint96(supply);
    }

    /// What is wrong with a leg that is no well-formed transfer; 0 for a well-formed mint or redeem.
    function _malformed(uint256 debit, uint256 credit, uint256 amount) private pure returns (uint8) {
        uint256 kind = debit >> KIND_SHIFT;
        bool valid = kind == TRANSFER || (kind == MINT && debit & ADDRESS == 0 && credit >> 160 == 0)
            || (kind == REDEEM && credit == 0);
        if (!valid) return Restriction.INVALID_INSTRUCTION;
        return amount == 0 || amount > AMOUNT_MAX ? Restriction.INVALID_AMOUNT : Restriction.ALLOWED;
    }
}
