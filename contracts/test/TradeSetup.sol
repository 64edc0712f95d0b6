// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AtomicSettlement} from "../src/AtomicSettlement.sol";
import {DepositToken} from "../src/DepositToken.sol";
import {Leg} from "../src/token/Leg.sol";
import {vm} from "./Cheats.sol";
import {TokenSetup} from "./TokenSetup.sol";

/// Two tokens with the same accounts, a contract that settles trades of both, and trades as one-line calls.
abstract contract TradeSetup is TokenSetup {
    uint64 internal constant ENOUGH = 500_000;

    AtomicSettlement internal atomic;
    DepositToken internal cash;
    DepositToken internal asset;

    function prepareTrades() internal {
        prepare();
        atomic = new AtomicSettlement(2 days, ADMIN, SETTLEMENT);
        cash = token;
        makeMover(address(atomic));
        asset = created();
        makeMover(address(atomic));
    }

    function fundIn(DepositToken which, address account, uint256 amount) internal {
        token = which;
        fund(account, amount);
    }

    function move(DepositToken which, address from, address to, uint256 amount)
        internal
        pure
        returns (AtomicSettlement.Movement memory movement)
    {
        movement.token = address(which);
        movement.legs = new Leg[](1);
        movement.legs[0] = transferLeg(from, to, amount);
    }

    function execute(address which, bytes32 holdId) internal pure returns (AtomicSettlement.Movement memory movement) {
        movement.token = which;
        movement.holds = new bytes32[](1);
        movement.holds[0] = holdId;
    }

    function trade(bytes32 id, AtomicSettlement.Movement memory one)
        internal
        pure
        returns (AtomicSettlement.Trade memory trade_)
    {
        trade_ = AtomicSettlement.Trade(id, ENOUGH, new AtomicSettlement.Movement[](1));
        trade_.movements[0] = one;
    }

    function trade(bytes32 id, AtomicSettlement.Movement memory one, AtomicSettlement.Movement memory other)
        internal
        pure
        returns (AtomicSettlement.Trade memory trade_)
    {
        trade_ = AtomicSettlement.Trade(id, ENOUGH, new AtomicSettlement.Movement[](2));
        (trade_.movements[0], trade_.movements[1]) = (one, other);
    }

    /// ALICE sells an amount of the asset to BOB.
    function sale(bytes32 id, uint256 units, uint256 price) internal view returns (AtomicSettlement.Trade memory) {
        return trade(id, move(asset, ALICE, BOB, units), move(cash, BOB, ALICE, price));
    }

    function settleTrades(AtomicSettlement.Trade[] memory trades) internal returns (bytes memory) {
        vm.prank(SETTLEMENT);
        return atomic.settle(trades);
    }

    function settleTrade(AtomicSettlement.Trade memory one) internal returns (uint8) {
        AtomicSettlement.Trade[] memory trades = new AtomicSettlement.Trade[](1);
        trades[0] = one;
        return uint8(settleTrades(trades)[0]);
    }
}
