// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {AtomicSettlement} from "../src/AtomicSettlement.sol";
import {Ledger} from "../src/token/Ledger.sol";

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

/// A token of others that answers the two orders of a trade in the worst ways.
contract Hostile {
    enum Mode {
        Agrees,
        BurnsGas,
        RevertsWithMuch,
        AgreesWithMuch,
        RevertsWithNothing,
        RevertsWithCodeZero,
        RevertsWithForgedRefusal,
        Reenters
    }

    Mode public mode;
    uint256 public asked;
    bool public gotIn;
    bytes[] private _attempts;
    address[] private _targets;

    function become(Mode mode_) external {
        mode = mode_;
    }

    /// What it tries, as itself, while it is asked.
    function willTry(address target, bytes calldata attempt) external {
        _targets.push(target);
        _attempts.push(attempt);
    }

    fallback() external {
        ++asked;
        if (mode == Mode.BurnsGas) while (true) ++asked;
        if (mode == Mode.RevertsWithNothing) revert();
        if (mode == Mode.RevertsWithCodeZero) revert Ledger.TransferRestricted(0, address(this));
        if (mode == Mode.RevertsWithForgedRefusal) revert AtomicSettlement.TradeFailed(0, address(0), "");
        if (mode == Mode.Reenters) {
            for (uint256 i = 0; i < _targets.length; ++i) {
                (bool done,) = _targets[i].call(_attempts[i]);
                if (done) gotIn = true;
            }
        }
        bool reverts = mode == Mode.RevertsWithMuch;
        if (!reverts && mode != Mode.AgreesWithMuch) return;
        // As much as its gas pays for: memory costs its square.
        uint256 size = gasleft() > 400_000 ? 100_000 : 10_000;
        assembly ("memory-safe") {
            if reverts { revert(0x80, size) }
            return(0x80, size)
        }
    }
}
