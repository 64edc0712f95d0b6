// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Guestbook} from "../src/Guestbook.sol";

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// Deploys a guestbook and signs it, as `forge script --broadcast` sends it.
contract Open {
    Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_SCRIPT = true;

    function run() external returns (Guestbook book) {
        vm.startBroadcast();
        book = new Guestbook(8);
        book.sign("scripted");
        vm.stopBroadcast();
    }
}
