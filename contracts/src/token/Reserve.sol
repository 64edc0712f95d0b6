// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SUPPLY_MAX} from "./AccountWord.sol";
import {Ledger} from "./Ledger.sol";
import {MinterAllowances} from "./MinterAllowances.sol";

/// Supply, and the reserve behind it as the attestor last signed it.
abstract contract Reserve is Ledger, EIP712, MinterAllowances {
    /// Signs what the reserve holds; sends nothing.
    bytes32 public constant ATTESTOR_ROLE = keccak256("ATTESTOR_ROLE");

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

    event ReserveAttested(
        bytes32 indexed batchId, uint256 reserve, bytes32 claimsRoot, uint256 ledgerSequence, bytes32 ledgerHead
    );

    error NotAttestedByReserveAttestor(address signer);
    error AttestationOutdated(uint256 ledgerSequence, uint256 newest);
    error ReserveTooLarge(uint256 reserve, uint256 most);
    error SupplyAboveReserve(uint256 supply, uint256 reserve);

    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "ReserveAttestation(bytes32 batchId,uint256 reserve,bytes32 claimsRoot,uint256 ledgerSequence,bytes32 ledgerHead)"
    );

    Totals internal _totals;

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

    function _attest(
        Totals memory totals,
        bytes32 batchId,
        Attestation calldata attestation,
        bytes calldata signature
    ) internal view {
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
}
