// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Ledger} from "./Ledger.sol";
import {KIND_SHIFT, Leg, TRANSFER} from "./Leg.sol";
import {Restriction} from "./Restriction.sol";

/// What is done under an id, and so done once: here the transfers of managed accounts of which all move or none does, for a
/// trade that moves several tokens (see AtomicSettlement.sol). Supply stays what it was, so nothing has to be attested.
///
/// EIP712 is not used here. It is named so that every token has the same storage layout, whatever else it inherits.
abstract contract Batches is Ledger, EIP712 {
    event AllMoved(bytes32 indexed batchId);

    error BatchAlreadySettled(bytes32 batchId, uint256 blockNumber);
    error NothingToMove();
    error LegRefused(uint256 leg, uint8 code);

    /// The block in which a batch was settled; zero for a batch id not used yet.
    mapping(bytes32 batchId => uint256 blockNumber) public settledAt;

    /// Move every leg or none. Transfers alone: outside `settle` there is no issuer to mint from or to redeem to, and the code
    /// for that stands in the issuer's word, so a refused mint or redeem leg would answer 0, which reads as moved.
    function moveAll(bytes32 batchId, Leg[] calldata instructions) external onlyRole(MOVER_ROLE) whenNotPaused {
        _use(batchId);
        if (instructions.length == 0) revert NothingToMove();
        for (uint256 i = 0; i < instructions.length; ++i) {
            if (instructions[i].debit >> KIND_SHIFT != TRANSFER) revert LegRefused(i, Restriction.INVALID_INSTRUCTION);
        }
        bytes memory codes = _moveAll(instructions, BY_SETTLEMENT);
        for (uint256 i = 0; i < codes.length; ++i) {
            if (codes[i] != 0) revert LegRefused(i, uint8(codes[i]));
        }
        emit AllMoved(batchId);
    }

    function _use(bytes32 batchId) internal {
        if (settledAt[batchId] != 0) revert BatchAlreadySettled(batchId, settledAt[batchId]);
        settledAt[batchId] = block.number;
    }
}
