// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {AccountWord, ISSUER_BASE, issuer, load, store} from "./AccountWord.sol";
import {Batches} from "./Batches.sol";
import {Leg} from "./Leg.sol";
import {Reserve} from "./Reserve.sol";
import {Restriction} from "./Restriction.sol";

/// Settlement in batches: mint, transfer and redeem legs of managed accounts in one call, each judged on its own, under an
/// attestation of the reserve that the batch brings along. Here, and only here, tokens come into being and cease to be.
abstract contract Settlement is Reserve, Batches {
    event BatchSettled(bytes32 indexed batchId, bytes codes);
    /// The batch of this id was a net settlement, and the id is the Merkle root over its payments.
    event NetSettled(bytes32 indexed paymentsRoot);

    error NetLegRefused(uint256 leg, uint8 code);

    function totalSupply() public view virtual override(ERC20, Reserve) returns (uint256) {
        return super.totalSupply();
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
        _use(batchId);
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
        codes = _moveAll(instructions, BY_SETTLEMENT);

        uint256 remaining = load(address(0)).balance();
        store(address(0), AccountWord.wrap(0));
        totals.supply = uint96(totals.supply + base - remaining);
        if (remaining < base) _spendMinterAllowance(msg.sender, base - remaining);
    }
}
