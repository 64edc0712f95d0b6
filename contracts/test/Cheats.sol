// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The cheat codes of forge that these tests use, and the few assertions they need. No forge-std: the npm package of that
/// name is not published by its authors.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function warp(uint256 timestamp) external;
    function roll(uint256 blockNumber) external;
    function chainId(uint256 id) external;
    function assume(bool condition) external pure;
    function expectRevert(bytes calldata data) external;
    function expectRevert(bytes4 selector) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectRevert() external;
    function expectEmit(bool one, bool two, bool three, bool data, address emitter) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function deployCode(string calldata artifact, bytes calldata arguments) external returns (address);
    function load(address target, bytes32 slot) external view returns (bytes32);
    function store(address target, bytes32 slot, bytes32 value) external;
    function label(address account, string calldata name) external;
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

abstract contract Checks {
    error Differs(string what, uint256 seen, uint256 expected);
    error Fails(string what);

    function same(string memory what, uint256 seen, uint256 expected) internal pure {
        if (seen != expected) revert Differs(what, seen, expected);
    }

    function same(string memory what, bytes32 seen, bytes32 expected) internal pure {
        if (seen != expected) revert Differs(what, uint256(seen), uint256(expected));
    }

    function same(string memory what, string memory seen, string memory expected) internal pure {
        if (keccak256(bytes(seen)) != keccak256(bytes(expected))) revert Fails(what);
    }

    function holds(string memory what, bool condition) internal pure {
        if (!condition) revert Fails(what);
    }

    function bounded(uint256 value, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + (most - least == type(uint256).max ? value : value % (most - least + 1));
    }
}
