// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// A contract wallet whose owner's signature is good (ERC-1271).
contract Wallet is IERC1271 {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecover(hash, signature);
        return signer == OWNER ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// A contract that hands on what others allow it to, and what it holds itself, at anybody's call.
contract Router {
    function handOn(IERC20 token, address from, address to, uint256 amount) external {
        token.transferFrom(from, to, amount);
    }

    function pay(IERC20 token, address to, uint256 amount) external {
        token.transfer(to, amount);
    }
}
