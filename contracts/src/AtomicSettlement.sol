// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Batches} from "./token/Batches.sol";
import {Holds} from "./token/Holds.sol";
import {Ledger} from "./token/Ledger.sol";
import {Leg} from "./token/Leg.sol";
import {Restriction} from "./token/Restriction.sol";

/// Trades of several registered tokens, many in a call, each all or nothing on its own: delivery against payment, payment
/// against payment. It moves managed accounts by `moveAll`, for which each token gives it MOVER_ROLE, and accounts in self
/// custody by holds of which they made it the notary. It holds no tokens, cannot mint, and does what the settlement key says.
contract AtomicSettlement is AccessControlDefaultAdminRules {
    bytes32 public constant SETTLEMENT_ROLE = keccak256("SETTLEMENT_ROLE");

    // RESULT CODES: 0 settled, 1 to 17 the restriction code of the token that refused (Restriction.sol), and these
    uint8 public constant ALREADY_SETTLED = 240;
    uint8 public constant MALFORMED_TRADE = 241;
    uint8 public constant TOKEN_REFUSED = 242;
    uint8 public constant OUT_OF_GAS = 243;

    /// What a call needs beside a trade's own gas, to write down how the trade ended.
    uint256 public constant GAS_BESIDE_TRADE = 30_000;

    // The longest of our errors is a selector and three words; what is longer is cut off, so that no token makes it costly.
    uint256 private constant REASON_MAX = 100;
    uint256 private constant ANSWER_MAX = 4 + 4 * 32 + 128;

    /// In one token: legs of managed accounts under the trade's id, then holds. A token stands in a trade's legs once.
    struct Movement {
        address token;
        Leg[] legs;
        bytes32[] holds;
    }

    /// `gasLimit` is what all of it may use: a token that burns gas burns its own trade's.
    struct Trade {
        bytes32 id;
        uint64 gasLimit;
        Movement[] movements;
    }

    event TradeSettled(bytes32 indexed tradeId);
    /// `token` refused, with the first REASON_MAX bytes of its revert data; zero and nothing when it was not a token.
    event TradeRefused(bytes32 indexed tradeId, uint8 code, address token, bytes reason);

    error GasTooLow(uint256 trade, uint256 available, uint256 needed);
    error OnlyItself(address caller);
    error TradeFailed(uint8 code, address token, bytes reason);

    /// The block in which a trade was settled; zero for one that was not, which may be brought again.
    mapping(bytes32 tradeId => uint256 blockNumber) public settledAt;

    constructor(uint48 adminDelay, address admin, address settlement) AccessControlDefaultAdminRules(adminDelay, admin) {
        _grantRole(SETTLEMENT_ROLE, settlement);
    }

    /// One code per trade, 0 for one that settled.
    function settle(Trade[] calldata trades) external onlyRole(SETTLEMENT_ROLE) returns (bytes memory codes) {
        codes = new bytes(trades.length);
        for (uint256 i = 0; i < trades.length; ++i) {
            codes[i] = bytes1(_settle(i, trades[i]));
        }
    }

    /// Give back what a hold locks, as the notary may: its trade will not happen.
    function releaseHold(Holds token, bytes32 holdId) external onlyRole(SETTLEMENT_ROLE) {
        token.releaseHold(holdId);
    }

    /// One trade, all or nothing. Called by this contract alone, so that what reverts is the trade and not the call.
    function carryOut(Trade calldata trade) external {
        if (msg.sender != address(this)) revert OnlyItself(msg.sender);
        if (settledAt[trade.id] != 0) revert TradeFailed(ALREADY_SETTLED, address(0), "");
        settledAt[trade.id] = block.number;
        if (trade.movements.length == 0) revert TradeFailed(MALFORMED_TRADE, address(0), "");
        for (uint256 i = 0; i < trade.movements.length; ++i) {
            _carryOut(trade.id, trade.movements[i]);
        }
    }

    function _carryOut(bytes32 tradeId, Movement calldata movement) private {
        address token = movement.token;
        bool empty = movement.legs.length == 0 && movement.holds.length == 0;
        // A call to an address without code succeeds and does nothing.
        if (empty || token.code.length == 0) revert TradeFailed(MALFORMED_TRADE, token, "");
        if (movement.legs.length != 0) _order(token, abi.encodeCall(Batches.moveAll, (tradeId, movement.legs)));
        for (uint256 i = 0; i < movement.holds.length; ++i) {
            _order(token, abi.encodeCall(Holds.executeHold, (movement.holds[i])));
        }
    }

    function _settle(uint256 index, Trade calldata trade) private returns (uint8 code) {
        bytes memory call = abi.encodeCall(this.carryOut, (trade));
        // A call gets at most 63/64 of what is left. Checked first, so that a trade never fails for gas the sender did not send.
        (uint256 available, uint256 needed) = (gasleft(), uint256(trade.gasLimit) + GAS_BESIDE_TRADE);
        if (available - available / 64 < needed) revert GasTooLow(index, available, needed);
        (bool done, bytes memory answer) = _call(address(this), trade.gasLimit, call, ANSWER_MAX);
        if (done) {
            // What is called before this answers to this contract alone, and the id was taken before any token was asked.
            // slither-disable-next-line reentrancy-events
            emit TradeSettled(trade.id);
            return 0;
        }
        address token;
        bytes memory reason;
        (code, token, reason) = _refusal(answer);
        // slither-disable-next-line reentrancy-events
        emit TradeRefused(trade.id, code, token, reason);
    }

    function _order(address token, bytes memory call) private {
        (bool done, bytes memory reason) = _call(token, gasleft(), call, REASON_MAX);
        if (!done) revert TradeFailed(_codeOf(reason), token, reason);
    }

    /// Call, and keep at most `most` bytes of what comes back.
    function _call(address to, uint256 gasLimit, bytes memory data, uint256 most)
        private
        returns (bool done, bytes memory answer)
    {
        assembly ("memory-safe") {
            done := call(gasLimit, to, 0, add(data, 0x20), mload(data), 0, 0)
            let size := returndatasize()
            if gt(size, most) { size := most }
            answer := mload(0x40)
            mstore(0x40, and(add(add(answer, 0x3f), size), not(0x1f)))
            mstore(answer, size)
            returndatacopy(add(answer, 0x20), 0, size)
        }
    }

    /// What `carryOut` reverted with. Anything but TradeFailed is an end it could not report, and that is a lack of gas.
    function _refusal(bytes memory answer) private pure returns (uint8 code, address token, bytes memory reason) {
        if (bytes4(answer) != TradeFailed.selector) return (OUT_OF_GAS, address(0), "");
        assembly ("memory-safe") {
            let size := mload(answer)
            answer := add(answer, 4)
            mstore(answer, sub(size, 4))
        }
        return abi.decode(answer, (uint8, address, bytes));
    }

    /// The restriction code in a token's error; never 0, whatever a token of others reverts with.
    function _codeOf(bytes memory reason) private pure returns (uint8) {
        if (reason.length == 0) return OUT_OF_GAS;
        bytes4 selector = bytes4(reason);
        uint256 code = 0;
        if (selector == Batches.LegRefused.selector) code = _word(reason, 1);
        else if (selector == Ledger.TransferRestricted.selector) code = _word(reason, 0);
        else if (selector == Pausable.EnforcedPause.selector) code = Restriction.PAUSED;
        else if (selector == IERC20Errors.ERC20InsufficientBalance.selector) code = Restriction.INSUFFICIENT_BALANCE;
        else if (selector == Ledger.InsufficientUnlockedBalance.selector) code = Restriction.INSUFFICIENT_UNLOCKED_BALANCE;
        bool known = code != 0 && code <= Restriction.ABOVE_MINTER_ALLOWANCE;
        return known ? uint8(code) : TOKEN_REFUSED;
    }

    /// A word of an error's arguments; zero when it is not there.
    function _word(bytes memory reason, uint256 index) private pure returns (uint256 word) {
        uint256 offset = 0x24 + index * 0x20;
        if (reason.length < offset) return 0;
        assembly ("memory-safe") {
            word := mload(add(reason, offset))
        }
    }
}
