// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Ledger} from "../src/token/Ledger.sol";
import {Restriction} from "../src/token/Restriction.sol";
import {vm} from "./Cheats.sol";
import {Wallet} from "./Parties.sol";
import {TokenTest} from "./TokenSetup.sol";

/// ERC-20, ERC-2612 and ERC-3009 as a holder in self custody uses them. The matrix has the refusals by state; here are the
/// positive cases and what is particular to each signature.
contract HoldersTest is TokenTest {
    uint256 private constant LATER = 1_767_225_600 + 1 hours;
    string private constant WITH_BYTES = "(address,address,uint256,uint256,uint256,bytes32,bytes)";

    function setUp() public override {
        super.setUp();
        fund(CAROL, 100_00);
    }

    function authorise(uint256 key, address from, address to, uint256 value, bytes32 nonce) private {
        bytes memory signature = signAuthorization(key, false, from, to, value, LATER, nonce);
        token.transferWithAuthorization(from, to, value, 0, LATER, nonce, signature);
    }

    // ERC-20

    function test_a_holder_pays_with_its_own_key() public {
        vm.prank(CAROL);
        holds("true", token.transfer(ALICE, 30_00));
        same("CAROL", token.balanceOf(CAROL), 70_00);
        same("ALICE", token.balanceOf(ALICE), 30_00);
        same("supply", token.totalSupply(), 100_00);
    }

    function test_a_transfer_above_the_balance_tells_the_numbers() public {
        vm.prank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, CAROL, 100_00, 100_01));
        token.transfer(ALICE, 100_01);
    }

    function test_a_transfer_above_the_largest_amount_is_refused() public {
        vm.prank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(Ledger.TransferRestricted.selector, Restriction.INVALID_AMOUNT, CAROL));
        token.transfer(ALICE, type(uint256).max);
    }

    function test_a_transfer_to_oneself_or_of_nothing_moves_nothing() public {
        vm.prank(CAROL);
        token.transfer(CAROL, 100_00);
        vm.prank(CAROL);
        token.transfer(ALICE, 0);
        same("CAROL", token.balanceOf(CAROL), 100_00);
        vm.prank(CAROL);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        token.transfer(CAROL, 100_01);
    }

    function test_an_allowance_is_spent_once_and_can_be_taken_back_from_a_frozen_spender() public {
        vm.prank(CAROL);
        token.approve(DAVE, 40_00);
        vm.prank(DAVE);
        token.transferFrom(CAROL, BOB, 25_00);
        same("rest", token.allowance(CAROL, DAVE), 15_00);
        vm.prank(DAVE);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, DAVE, 15_00, 15_01)
        );
        token.transferFrom(CAROL, BOB, 15_01);
        setStatus(DAVE, 3);
        vm.prank(CAROL);
        token.approve(DAVE, 0);
        same("taken back", token.allowance(CAROL, DAVE), 0);
    }

    // ERC-2612

    function test_a_permit_gives_an_allowance_once() public {
        (uint8 v, bytes32 r, bytes32 s) = split(signPermit(CAROL_KEY, CAROL, DAVE, 10_00, LATER));
        token.permit(CAROL, DAVE, 10_00, LATER, v, r, s);
        same("allowance", token.allowance(CAROL, DAVE), 10_00);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        token.permit(CAROL, DAVE, 10_00, LATER, v, r, s);
    }

    function test_a_permit_for_another_chain_is_refused() public {
        (uint8 v, bytes32 r, bytes32 s) = split(signPermit(CAROL_KEY, CAROL, DAVE, 10_00, LATER));
        vm.chainId(9_999);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        token.permit(CAROL, DAVE, 10_00, LATER, v, r, s);
    }

    function test_a_permit_with_high_s_is_refused() public {
        (uint8 v, bytes32 r, bytes32 s) = split(signPermit(CAROL_KEY, CAROL, DAVE, 10_00, LATER));
        bytes32 high = bytes32(SECP256K1_ORDER - uint256(s));
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high));
        token.permit(CAROL, DAVE, 10_00, LATER, v == 27 ? 28 : 27, r, high);
    }

    // ERC-3009

    function test_an_authorisation_moves_once_whoever_brings_it() public {
        vm.prank(STRANGER);
        bytes memory signature = signAuthorization(CAROL_KEY, false, CAROL, ALICE, 5_00, LATER, "n");
        token.transferWithAuthorization(CAROL, ALICE, 5_00, 0, LATER, "n", signature);
        same("ALICE", token.balanceOf(ALICE), 5_00);
        holds("used", token.authorizationState(CAROL, "n"));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, CAROL, bytes32("n")));
        token.transferWithAuthorization(CAROL, ALICE, 5_00, 0, LATER, "n", signature);
    }

    function test_an_authorisation_counts_only_for_what_was_signed() public {
        bytes memory signature = signAuthorization(CAROL_KEY, false, CAROL, ALICE, 5_00, LATER, "n");
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.transferWithAuthorization(CAROL, ALICE, 5_01, 0, LATER, "n", signature);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.transferWithAuthorization(CAROL, BOB, 5_00, 0, LATER, "n", signature);
        vm.chainId(9_999);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.transferWithAuthorization(CAROL, ALICE, 5_00, 0, LATER, "n", signature);
    }

    function test_an_authorisation_is_not_valid_before_its_time() public {
        bytes32 typeHash = keccak256(
            "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        bytes memory signature =
            signTyped(CAROL_KEY, abi.encode(typeHash, CAROL, ALICE, 5_00, LATER, LATER + 10, bytes32("n")));
        vm.warp(LATER);
        vm.expectPartialRevert(ERC3009.ERC3009InvalidAuthorizationTime.selector);
        token.transferWithAuthorization(CAROL, ALICE, 5_00, LATER, LATER + 10, "n", signature);
        vm.warp(LATER + 1);
        token.transferWithAuthorization(CAROL, ALICE, 5_00, LATER, LATER + 10, "n", signature);
        same("ALICE", token.balanceOf(ALICE), 5_00);
    }

    function test_only_the_payee_brings_a_receive_authorisation() public {
        bytes memory signature = signAuthorization(CAROL_KEY, true, CAROL, DAVE, 5_00, LATER, "n");
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, DAVE));
        token.receiveWithAuthorization(CAROL, DAVE, 5_00, 0, LATER, "n", signature);
        vm.prank(DAVE);
        token.receiveWithAuthorization(CAROL, DAVE, 5_00, 0, LATER, "n", signature);
        same("DAVE", token.balanceOf(DAVE), 5_00);
    }

    function test_a_cancelled_authorisation_moves_nothing() public {
        bytes memory signature = signAuthorization(CAROL_KEY, false, CAROL, ALICE, 5_00, LATER, "n");
        bytes32 typeHash = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
        token.cancelAuthorization(CAROL, "n", signTyped(CAROL_KEY, abi.encode(typeHash, CAROL, bytes32("n"))));
        vm.expectPartialRevert(ERC3009.ERC3009UsedAuthorization.selector);
        token.transferWithAuthorization(CAROL, ALICE, 5_00, 0, LATER, "n", signature);
        (uint8 v, bytes32 r, bytes32 s) = split(signTyped(DAVE_KEY, abi.encode(typeHash, CAROL, bytes32("m"))));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.cancelAuthorization(CAROL, "m", v, r, s);
    }

    function test_a_contract_wallet_authorises_through_erc_1271() public {
        address wallet = address(new Wallet(DAVE));
        register(wallet, 4, true);
        fund(wallet, 9_00);
        authorise(DAVE_KEY, wallet, ALICE, 9_00, "n");
        same("ALICE", token.balanceOf(ALICE), 9_00);
        fund(wallet, 9_00);
        bytes memory signature = signAuthorization(CAROL_KEY, false, wallet, ALICE, 9_00, LATER, "m");
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.transferWithAuthorization(wallet, ALICE, 9_00, 0, LATER, "m", signature);
    }

    /// A managed account has no key, so nobody can sign for it; even the settlement key's signature is not its own.
    function test_no_signature_moves_a_managed_account() public {
        fund(ALICE, 5_00);
        bytes memory signature = signAuthorization(DAVE_KEY, false, ALICE, DAVE, 5_00, LATER, "n");
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.transferWithAuthorization(ALICE, DAVE, 5_00, 0, LATER, "n", signature);
    }

    function test_the_zero_address_can_neither_send_nor_receive() public {
        vm.prank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        token.transfer(address(0), 1);
        vm.prank(address(0));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSender.selector, address(0)));
        token.transfer(CAROL, 0);
    }
}
