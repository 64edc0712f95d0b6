// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// What the peers move in the benchmark: an ERC-20 with nothing added.
contract PlainToken is ERC20 {
    constructor(address[] memory holders, uint256 each) ERC20("Plain token", "PLAIN") {
        for (uint256 i = 0; i < holders.length; i++) _mint(holders[i], each);
    }
}
