// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";

/// Who may do what with the token: one role per duty, each meant for a key of its own. The default admin grants and
/// revokes roles; it is one address, handed over in two steps with a delay. What stands behind a token adds its own.
abstract contract Roles is AccessControlDefaultAdminRules {
    /// Sends settlement batches: mints, moves and burns tokens of managed accounts.
    bytes32 public constant SETTLEMENT_ROLE = keccak256("SETTLEMENT_ROLE");
    /// Moves tokens of managed accounts, all of a call or none: a contract that settles trades of several tokens.
    bytes32 public constant MOVER_ROLE = keccak256("MOVER_ROLE");
    /// Admits accounts and changes their status.
    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");
    /// Carries out court orders: freezes amounts, releases holds, forces transfers.
    bytes32 public constant ENFORCER_ROLE = keccak256("ENFORCER_ROLE");
}
