// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Guestbook} from "../src/Guestbook.sol";

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// Deploys a guestbook at an address that its code and a salt decide, through the CREATE2 deployer.
contract Salted {
    Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_SCRIPT = true;

    function run() external returns (Guestbook book) {
        vm.startBroadcast();
        book = new Guestbook{salt: "guests"}(8);
        book.sign("salted");
        vm.stopBroadcast();
    }
}
