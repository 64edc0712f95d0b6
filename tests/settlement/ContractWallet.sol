// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A contract wallet (ERC-1271) whose owner's signature is good, in whatever form it is wrapped, and which can be told to
/// behave as a careless or hostile one would.
contract ContractWallet {
    enum Mood { Honest, BurnsGas, Reverts, SaysGarbage, SaysTooLittle, RefusesOnChain, BurnsGasOnChain }

    bytes4 private constant GOOD = 0x1626ba7e;

    address private immutable OWNER;
    Mood public mood;

    constructor(address owner) {
        OWNER = owner;
    }

    function become(Mood mood_) external {
        mood = mood_;
    }

    /// `signature` is r, s, v, and after them whatever the wallet's makers wanted.
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bool onChain = tx.origin != address(0);
        if (mood == Mood.BurnsGas || (mood == Mood.BurnsGasOnChain && onChain)) {
            while (gasleft() > 0) {}
        }
        if (mood == Mood.Reverts) revert("not today");
        if (mood == Mood.SaysGarbage) {
            assembly ("memory-safe") {
                mstore(0, not(0))
                return(0, 32)
            }
        }
        if (mood == Mood.SaysTooLittle) {
            assembly ("memory-safe") {
                mstore(0, shl(224, 0x1626ba7e))
                return(0, 4)
            }
        }
        if (mood == Mood.RefusesOnChain && onChain) return bytes4(0);
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:64]);
        return ecrecover(hash, uint8(signature[64]), r, s) == OWNER ? GOOD : bytes4(0);
    }
}
