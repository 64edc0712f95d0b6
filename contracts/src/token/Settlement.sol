// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {AccountWord, ISSUER_BASE, SUPPLY_MAX, issuer, load, store} from "./AccountWord.sol";
import {Ledger} from "./Ledger.sol";
import {LEG_BYTES, Leg} from "./Leg.sol";
import {MinterAllowances} from "./MinterAllowances.sol";
import {Restriction} from "./Restriction.sol";

/// Settlement in batches: mint, transfer and redeem legs of managed accounts in one call, each judged on its own, under an
/// attestation of the reserve that the batch brings along. Here, and only here, tokens come into being and cease to be.
abstract contract Settlement is Ledger, EIP712, MinterAllowances {
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
    /// The batch of this id was a net settlement, and the id is the Merkle root over its payments.
    event NetSettled(bytes32 indexed paymentsRoot);
    event ReserveAttested(
        bytes32 indexed batchId, uint256 reserve, bytes32 claimsRoot, uint256 ledgerSequence, bytes32 ledgerHead
    );

    error BatchAlreadySettled(bytes32 batchId, uint256 blockNumber);
    error NotAttestedByReserveAttestor(address signer);
    error AttestationOutdated(uint256 ledgerSequence, uint256 newest);
    error ReserveTooLarge(uint256 reserve, uint256 most);
    error SupplyAboveReserve(uint256 supply, uint256 reserve);
    error NetLegRefused(uint256 leg, uint8 code);

    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "ReserveAttestation(bytes32 batchId,uint256 reserve,bytes32 claimsRoot,uint256 ledgerSequence,bytes32 ledgerHead)"
    );

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
        Leg[] calldata instructions,
        Attestation calldata attestation,
        bytes calldata signature
    ) external {
        _settle(batchId, instructions, attestation, signature);
    }

    /// Settle gross payments by what is left of them when they are set off against each other: legs judged as those of any
    /// batch, of which all move or none does. The batch id is the Merkle root over the payments, so the attestor signed it.
    function settleNet(
        bytes32 paymentsRoot,
        Leg[] calldata instructions,
        Attestation calldata attestation,
        bytes calldata signature
    ) external {
        bytes memory codes = _settle(paymentsRoot, instructions, attestation, signature);
        for (uint256 i = 0; i < codes.length; ++i) {
            if (codes[i] != 0) revert NetLegRefused(i, uint8(codes[i]));
        }
        emit NetSettled(paymentsRoot);
    }

    function _settle(
        bytes32 batchId,
        Leg[] calldata instructions,
        Attestation calldata attestation,
        bytes calldata signature
    ) private onlyRole(SETTLEMENT_ROLE) returns (bytes memory codes) {
        if (settledAt[batchId] != 0) revert BatchAlreadySettled(batchId, settledAt[batchId]);
        settledAt[batchId] = block.number;

        Totals memory totals = _totals;
        _attest(totals, batchId, attestation, signature);
        codes = paused() ? _allPaused(instructions.length) : _settleLegs(instructions, totals);
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
        // A signature that recovers nothing gives the zero address, whatever the error is that goes with it.
        // slither-disable-next-line unused-return
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
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

    /// Lend the zero address the issuer's word for the time of the batch: what it then holds more or less tells by how much
    /// supply fell or rose.
    function _settleLegs(Leg[] calldata instructions, Totals memory totals) private returns (bytes memory codes) {
        uint256 mintable = _mintable(msg.sender);
        uint256 base = ISSUER_BASE + totals.reserve - totals.supply;
        uint8 exhaustedCode = Restriction.ABOVE_ATTESTED_RESERVE;
        if (ISSUER_BASE + mintable < base) {
            base = ISSUER_BASE + mintable;
            exhaustedCode = Restriction.ABOVE_MINTER_ALLOWANCE;
        }
        store(address(0), issuer(base, exhaustedCode));

        uint256 start;
        uint256 size = instructions.length * LEG_BYTES;
        assembly ("memory-safe") {
            start := mload(0x40)
            mstore(0x40, add(start, size))
            calldatacopy(start, instructions.offset, size)
        }
        codes = _moveAll(start, start + size, BY_SETTLEMENT);

        uint256 remaining = load(address(0)).balance();
        store(address(0), AccountWord.wrap(0));
        totals.supply = uint96(totals.supply + base - remaining);
        if (remaining < base) _keepMinterAllowance(msg.sender, mintable - (base - remaining));
    }
}
