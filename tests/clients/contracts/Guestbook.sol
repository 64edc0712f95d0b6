// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

contract Annex {
    Guestbook public immutable main = Guestbook(msg.sender);
}

/// What developers' tools need to see: storage, events, every kind of failure, and a contract made by a contract.
contract Guestbook {
    /// The words have `given` bytes where `most` are allowed.
    error TooLong(uint256 given, uint256 most);

    event Signed(address indexed guest, uint256 indexed page, string words);

    uint256 public immutable most;
    uint256 public pages;
    mapping(address guest => uint256 times) public visits;
    Annex public annex;

    constructor(uint256 most_) {
        most = most_;
    }

    function sign(string calldata words) external payable returns (uint256 page) {
        if (bytes(words).length > most) revert TooLong(bytes(words).length, most);
        page = ++pages;
        visits[msg.sender] += 1;
        emit Signed(msg.sender, page, words);
    }

    function refuse(string calldata reason) external pure {
        revert(reason);
    }

    function divide(uint256 by) external view returns (uint256) {
        return pages / by;
    }

    function extend() external returns (Annex) {
        annex = new Annex();
        return annex;
    }
}
