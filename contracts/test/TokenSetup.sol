// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DepositToken} from "../src/DepositToken.sol";
import {Reserve} from "../src/token/Reserve.sol";
import {Leg} from "../src/token/Leg.sol";
import {Checks, Vm, vm} from "./Cheats.sol";

/// A token with every role on a key of its own, two managed accounts (ALICE, BOB), two in self custody (CAROL, DAVE), and
/// the settlement key's batches as one-line calls.
abstract contract TokenSetup is Checks {
    uint256 internal constant ATTESTOR_KEY = 0xA77E5704;
    uint256 internal constant CAROL_KEY = 0xCA401;
    uint256 internal constant DAVE_KEY = 0xDA7E;

    address internal constant ADMIN = address(0xAD);
    address internal constant SETTLEMENT = address(0x5E);
    address internal constant REGISTRAR = address(0x4E);
    address internal constant PAUSER = address(0x9A);
    address internal constant ENFORCER = address(0xEF);
    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);
    address internal constant STRANGER = address(0x57);
    address internal immutable ATTESTOR = vm.addr(ATTESTOR_KEY);
    address internal immutable CAROL = vm.addr(CAROL_KEY);
    address internal immutable DAVE = vm.addr(DAVE_KEY);

    uint256 internal constant AMOUNT_MAX = 2 ** 53 - 1;
    uint256 internal constant SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 internal constant UNLIMITED = type(uint88).max;

    DepositToken internal token;
    uint256 internal batches;
    uint256 internal sequence;

    function prepare() internal {
        vm.warp(1_767_225_600);
        token = created();
    }

    /// Another token with the same roles and accounts.
    function created() internal returns (DepositToken) {
        DepositToken.Setup memory setup = DepositToken.Setup({
            name: "US Dollar Deposit Token",
            symbol: "USDD",
            currency: "USD",
            decimals: 2,
            adminDelay: 2 days,
            admin: ADMIN,
            settlement: SETTLEMENT,
            attestor: ATTESTOR,
            registrar: REGISTRAR,
            pauser: PAUSER,
            enforcer: ENFORCER,
            mintPerDay: UNLIMITED
        });
        // Not `new`: the token's code would be compiled again into every test contract.
        token = DepositToken(vm.deployCode("src/DepositToken.sol:DepositToken", abi.encode(setup)));
        register(ALICE, 1, false);
        register(BOB, 2, false);
        register(CAROL, 3, true);
        register(DAVE, 4, true);
        return token;
    }

    /// Let somebody move managed accounts, as a contract that settles trades may.
    function makeMover(address mover) internal {
        bytes32 role = token.MOVER_ROLE();
        vm.prank(ADMIN);
        token.grantRole(role, mover);
    }

    function freeze(address account, uint256 amount) internal {
        vm.prank(ENFORCER);
        token.setFrozenTokens(account, amount);
    }

    function hold(bytes32 id, address payer, address payee, address notary, uint256 amount) internal {
        vm.prank(payer == ALICE || payer == BOB ? SETTLEMENT : payer);
        token.placeHold(id, payer, payee, notary, amount, uint64(block.timestamp + 1 days));
    }

    // REGISTRY

    function register(address account, uint32 memberId, bool selfCustody) internal {
        address[] memory accounts = new address[](1);
        uint32[] memory members = new uint32[](1);
        bool[] memory custody = new bool[](1);
        (accounts[0], members[0], custody[0]) = (account, memberId, selfCustody);
        vm.prank(REGISTRAR);
        token.register(accounts, members, custody);
    }

    function setStatus(address account, uint8 status) internal {
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        vm.prank(REGISTRAR);
        token.setStatus(accounts, status);
    }

    // BATCHES

    function mintLeg(address creditor, uint256 amount) internal pure returns (Leg memory) {
        return Leg((uint256(1) << 248) | (amount << 160), uint160(creditor));
    }

    function transferLeg(address debtor, address creditor, uint256 amount)
        internal
        pure
        returns (Leg memory)
    {
        return Leg((uint256(2) << 248) | (amount << 160) | uint160(debtor), uint160(creditor));
    }

    function redeemLeg(address debtor, uint256 amount) internal pure returns (Leg memory) {
        return Leg((uint256(3) << 248) | (amount << 160) | uint160(debtor), 0);
    }

    function attested(bytes32 batchId, uint256 reserve)
        internal
        returns (Reserve.Attestation memory attestation, bytes memory signature)
    {
        attestation = Reserve.Attestation(reserve, keccak256("claims"), ++sequence, keccak256("head"));
        signature = signAttestation(ATTESTOR_KEY, batchId, attestation);
    }

    function signAttestation(uint256 key, bytes32 batchId, Reserve.Attestation memory attestation)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash = keccak256(
            "ReserveAttestation(bytes32 batchId,uint256 reserve,bytes32 claimsRoot,uint256 ledgerSequence,bytes32 ledgerHead)"
        );
        return signTyped(
            key,
            abi.encode(
                typeHash,
                batchId,
                attestation.reserve,
                attestation.claimsRoot,
                attestation.ledgerSequence,
                attestation.ledgerHead
            )
        );
    }

    function signTyped(uint256 key, bytes memory structure) internal view returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), keccak256(structure)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function split(bytes memory signature) internal pure returns (uint8 v, bytes32 r, bytes32 s) {
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }

    // WHAT HOLDERS SIGN

    function signPermit(uint256 key, address owner, address spender, uint256 value, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        return signTyped(key, abi.encode(typeHash, owner, spender, value, token.nonces(owner), deadline));
    }

    function signAuthorization(
        uint256 key,
        bool receives,
        address from,
        address to,
        uint256 value,
        uint256 validBefore,
        bytes32 nonce
    ) internal view returns (bytes memory) {
        string memory name = receives ? "ReceiveWithAuthorization" : "TransferWithAuthorization";
        bytes memory members =
            "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)";
        bytes32 typeHash = keccak256(bytes.concat(bytes(name), members));
        return signTyped(key, abi.encode(typeHash, from, to, value, 0, validBefore, nonce));
    }

    // BATCHES UNDER AN ATTESTATION

    /// Settle under a fresh attestation of `reserve`; the codes of the legs.
    function settle(Leg[] memory legs, uint256 reserve) internal returns (bytes memory codes) {
        bytes32 batchId = bytes32(++batches);
        (Reserve.Attestation memory attestation, bytes memory signature) = attested(batchId, reserve);
        vm.recordLogs();
        vm.prank(SETTLEMENT);
        token.settle(batchId, legs, attestation, signature);
        return codesOf(batchId);
    }

    /// Settle one leg under an attestation as large as any.
    function settle(Leg memory leg) internal returns (uint8 code) {
        Leg[] memory legs = new Leg[](1);
        legs[0] = leg;
        return uint8(settle(legs, UNLIMITED)[0]);
    }

    function fund(address account, uint256 amount) internal {
        same("funding", settle(mintLeg(account, amount)), 0);
    }

    function codesOf(bytes32 batchId) internal returns (bytes memory codes) {
        bytes32 topic = keccak256("BatchSettled(bytes32,bytes)");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic && logs[i].topics[1] == batchId) return abi.decode(logs[i].data, (bytes));
        }
        revert Fails("the batch reported no codes");
    }
}

abstract contract TokenTest is TokenSetup {
    function setUp() public virtual {
        prepare();
    }
}
