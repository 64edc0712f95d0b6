// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";

/// Who may do what with the token: one role per duty, each meant for a key of its own. The default admin grants and
/// revokes roles; it is one address, handed over in two steps with a delay.
abstract contract Roles is AccessControlDefaultAdminRules {
    /// Sends settlement batches: mints, moves and burns tokens of managed accounts.
    bytes32 public constant SETTLEMENT_ROLE = keccak256("SETTLEMENT_ROLE");
    /// Signs what the reserve holds; sends nothing.
    bytes32 public constant ATTESTOR_ROLE = keccak256("ATTESTOR_ROLE");
    /// Admits accounts and changes their status.
    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");
    /// Carries out court orders: freezes amounts, releases holds, forces transfers.
    bytes32 public constant ENFORCER_ROLE = keccak256("ENFORCER_ROLE");
    /// Sets how much a settlement key may mint.
    bytes32 public constant MINT_LIMITER_ROLE = keccak256("MINT_LIMITER_ROLE");
}
