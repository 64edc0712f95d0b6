// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What an account may do, each right including those before it. None: not on this network, or not for now.
enum Right {
    None,
    ReadOnly,
    Transact,
    Deploy,
    Full
}

enum OrganisationStatus {
    None,
    Proposed,
    Approved,
    Suspended
}

enum AccountStatus {
    None,
    Pending,
    Active,
    Suspended,
    Denylisted,
    Revoked
}

// Each of the three records is one storage word: who may do what is found with one read per record.

/// `parent` is 0 for an organisation of the network, else the organisation this one is part of; `depth` counts from 1.
struct Organisation {
    uint32 parent;
    uint8 depth;
    OrganisationStatus status;
}

/// `maxValue` is the most wei one transaction may carry. With `limitsTargets`, transactions may go only to the role's targets.
struct Role {
    uint32 organisation;
    Right right;
    bool active;
    bool limitsTargets;
    uint96 maxValue;
}

struct Account {
    uint32 organisation;
    uint32 role;
    AccountStatus status;
}
