// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batches} from "../src/token/Batches.sol";
import {Leg} from "../src/token/Leg.sol";
import {Reserve} from "../src/token/Reserve.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {vm} from "./Cheats.sol";
import {TokenTest} from "./TokenSetup.sol";

/// What a settlement key may mint as time passes, and what an attestation is good for.
contract MintingTest is TokenTest {
    // Not read from the block: the compiler takes its time for one that does not change within a test.
    uint256 private constant START = 1_767_225_600;

    function limit(uint256 perDay) private {
        vm.prank(ADMIN);
        token.setMinterAllowance(SETTLEMENT, perDay);
    }

    function mintable() private view returns (uint256 now_) {
        (now_,) = token.minterAllowance(SETTLEMENT);
    }

    /// However the minting is spread over time, all that time adds can be minted and not a unit more.
    function testFuzz_an_allowance_refills_exactly(uint32[12] memory waits, uint64 perDay, uint256 draw) public {
        uint256 day = bounded(perDay, 1, AMOUNT_MAX);
        limit(day);
        // In unit-seconds: what is left, as a model with exact fractions has it.
        uint256 left = day * 1 days;
        uint256 time = START;
        for (uint256 i = 0; i < waits.length; ++i) {
            uint256 wait = waits[i] % 4 == 0 ? 0 : waits[i] % 2 == 0 ? 1 : waits[i] % 2 days;
            vm.warp(time += wait);
            left += wait * day;
            if (left > day * 1 days) left = day * 1 days;
            same("mintable", mintable(), left / 1 days);
            uint256 amount = bounded(draw >> (i * 8), 0, left / 1 days);
            if (left / 1 days < AMOUNT_MAX) {
                same("above", settle(mintLeg(ALICE, left / 1 days + 1)), Restriction.ABOVE_MINTER_ALLOWANCE);
            }
            if (amount != 0) same("within", settle(mintLeg(ALICE, amount)), 0);
            left -= amount * 1 days;
        }
    }

    function test_an_allowance_asked_every_second_refills_as_one_asked_once() public {
        limit(100_00);
        same("all of it", settle(mintLeg(ALICE, 100_00)), 0);
        uint256 minted = 0;
        for (uint256 i = 1; i <= 3_000; ++i) {
            vm.warp(START + i);
            uint256 now_ = mintable();
            if (now_ == 0) continue;
            same("minted", settle(mintLeg(ALICE, now_)), 0);
            minted += now_;
        }
        same("minted", minted, 347);
    }

    function test_the_refill_counts_from_the_last_minting() public {
        limit(86_400);
        same("all of it", settle(mintLeg(ALICE, 86_400)), 0);
        vm.warp(block.timestamp + 100);
        same("a hundred seconds' worth", settle(mintLeg(ALICE, 100)), 0);
        same("not twice", settle(mintLeg(ALICE, 1)), Restriction.ABOVE_MINTER_ALLOWANCE);
        same("nothing left", mintable(), 0);
    }

    function test_one_unit_counts() public {
        limit(5);
        same("one", settle(mintLeg(ALICE, 1)), 0);
        same("four left", mintable(), 4);
    }

    function test_what_is_redeemed_in_a_batch_gives_no_allowance_back() public {
        limit(100);
        same("all", settle(mintLeg(ALICE, 100)), 0);
        same("redeem", settle(redeemLeg(ALICE, 60)), 0);
        same("nothing", mintable(), 0);
    }

    function test_where_reserve_and_allowance_end_together_the_reserve_is_told() public {
        limit(100);
        Leg[] memory legs = new Leg[](1);
        legs[0] = mintLeg(ALICE, 101);
        same("16", uint8(settle(legs, 100)[0]), Restriction.ABOVE_ATTESTED_RESERVE);
        same("17", uint8(settle(legs, 101)[0]), Restriction.ABOVE_MINTER_ALLOWANCE);
        same("16 again", uint8(settle(legs, 99)[0]), Restriction.ABOVE_ATTESTED_RESERVE);
    }

    // ATTESTATIONS

    function bring(bytes32 batchId, uint256 sequence_, bool net) private returns (bool done, bytes memory answer) {
        Reserve.Attestation memory attestation = Reserve.Attestation(100, keccak256("claims"), sequence_, keccak256("head"));
        bytes memory signature = signAttestation(ATTESTOR_KEY, batchId, attestation);
        Leg[] memory none = new Leg[](0);
        vm.prank(SETTLEMENT);
        return address(token).call(
            net
                ? abi.encodeCall(token.settleNet, (batchId, none, attestation, signature))
                : abi.encodeCall(token.settle, (batchId, none, attestation, signature))
        );
    }

    function test_two_batches_may_be_attested_at_one_state_of_the_ledger() public {
        (bool first,) = bring("a", 7, false);
        (bool second,) = bring("b", 7, false);
        (bool older,) = bring("c", 6, false);
        holds("both", first && second && !older);
    }

    function test_a_sequence_that_does_not_fit_is_refused() public {
        (bool done, bytes memory answer) = bring("a", uint256(type(uint64).max) + 1, false);
        holds("refused", !done);
        bytes memory error =
            abi.encodeWithSelector(Reserve.AttestationOutdated.selector, uint256(type(uint64).max) + 1, 0);
        same("error", keccak256(answer), keccak256(error));
        (done,) = bring("a", type(uint64).max, false);
        holds("the last one", done);
        same("kept", token.attestedSequence(), type(uint64).max);
    }

    /// An attestation says what the reserve is at a batch id, not which legs or which function: but the id is taken by whichever
    /// comes first, so payments are never settled by their nets and otherwise.
    function test_an_attestation_serves_its_id_once_by_either_function() public {
        (bool plain,) = bring("root", 7, false);
        (bool net, bytes memory answer) = bring("root", 8, true);
        holds("once", plain && !net);
        same("error", bytes4(answer), Batches.BatchAlreadySettled.selector);
    }
}
