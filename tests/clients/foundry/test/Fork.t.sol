// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Guestbook} from "../src/Guestbook.sol";

interface Vm {
    function envAddress(string calldata) external view returns (address);
    function expectRevert(bytes calldata) external;
    function prank(address) external;
    function rollFork(uint256) external;
    function envUint(string calldata) external view returns (uint256);
}

/// On a fork of the running network: its state is there, what is done here stays here.
contract ForkTest {
    Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_TEST = true;
    Guestbook book;

    function setUp() external {
        book = Guestbook(vm.envAddress("BOOK"));
    }

    function test_ForkHasTheNetworksState() external {
        uint256 pages = book.pages();
        require(pages > 0 && book.most() == 8, "state of the fork");
        require(book.sign("forked") == pages + 1, "writes to the fork");
    }

    function test_CustomErrorsComeThrough() external {
        vm.expectRevert(abi.encodeWithSelector(Guestbook.TooLong.selector, 12, 8));
        book.sign("far too long");
    }

    function test_EarlierBlocksHaveEarlierState() external {
        vm.rollFork(vm.envUint("BEFORE_IT_WAS_SIGNED"));
        require(book.pages() == 0, "nobody had signed yet");
    }
}
