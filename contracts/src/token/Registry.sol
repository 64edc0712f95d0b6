// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ACTIVE, AccountWord, CLOSED, NONE, load, opened, store} from "./AccountWord.sol";
import {Roles} from "./Roles.sol";

/// Who may hold the token: accounts of member banks, and nobody else. An account is registered once, with its member and
/// its custody for life, and from then on has a status. Closed is final and needs an empty account.
abstract contract Registry is Roles {
    event HolderRegistered(address indexed account, uint32 indexed memberId, bool selfCustody);
    event HolderStatusChanged(address indexed account, uint8 status);

    error AlreadyRegistered(address account);
    error NotRegistered(address account);
    error LengthsDiffer(uint256 accounts, uint256 memberIds, uint256 selfCustody);
    error InvalidStatus(address account, uint8 current, uint8 requested);
    error AccountNotEmpty(address account, uint256 balance);

    struct Holder {
        uint256 balance;
        uint256 locked;
        uint32 memberId;
        uint8 status;
        bool selfCustody;
    }

    function register(address[] calldata accounts, uint32[] calldata memberIds, bool[] calldata selfCustody)
        external
        onlyRole(REGISTRAR_ROLE)
    {
        uint256 count = accounts.length;
        if (memberIds.length != count || selfCustody.length != count) {
            revert LengthsDiffer(count, memberIds.length, selfCustody.length);
        }
        for (uint256 i = 0; i < count; ++i) {
            address account = accounts[i];
            if (account == address(0) || account == address(this)) revert InvalidStatus(account, NONE, ACTIVE);
            if (load(account).raw() != 0) revert AlreadyRegistered(account);
            store(account, opened(memberIds[i], selfCustody[i]));
            emit HolderRegistered(account, memberIds[i], selfCustody[i]);
        }
    }

    function setStatus(address[] calldata accounts, uint8 status) external onlyRole(REGISTRAR_ROLE) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            AccountWord word = load(account);
            uint8 current = word.status();
            if (current == NONE) revert NotRegistered(account);
            if (current == CLOSED || status < ACTIVE || status > CLOSED) revert InvalidStatus(account, current, status);
            if (status == CLOSED && word.balance() != 0) revert AccountNotEmpty(account, word.balance());
            if (status != current) {
                store(account, word.withStatus(status));
                emit HolderStatusChanged(account, status);
            }
        }
    }

    function holder(address account) external view returns (Holder memory) {
        AccountWord word = load(account);
        return Holder(word.balance(), word.locked(), word.member(), word.status(), word.isSelfCustody());
    }
}
