// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Permissions} from "../src/Permissions.sol";
import {Directory} from "../src/permissions/Directory.sol";
import {Account, AccountStatus, OrganisationStatus, Right} from "../src/permissions/Model.sol";
import {Checks, vm} from "./Cheats.sol";

abstract contract NetworkSetup is Checks {
    address internal constant SEALER = address(0x5EA1);
    address internal constant DEPLOYER = address(0xDE);
    address internal constant TRANSACTOR = address(0x7A);
    address internal constant STRANGER = address(0x57);
    address internal constant BANKER = address(0xBA);
    uint32 internal constant OPERATOR = 1;
    uint96 internal constant ANY_VALUE = type(uint96).max;

    Permissions internal network;

    function admin(uint256 index) internal pure returns (address) {
        return address(uint160(0xAD00 + index));
    }

    function list(address one) internal pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = one;
    }

    function start(uint256 administrators, uint8 percent) internal {
        vm.warp(1_767_225_600);
        address[] memory admins = new address[](administrators);
        for (uint256 i = 0; i < administrators; ++i) admins[i] = admin(i);
        network = new Permissions(
            Permissions.Setup(SEALER, percent, "operator", admins, list(DEPLOYER), list(TRANSACTOR))
        );
    }

    function propose(address by, bytes memory call) internal returns (uint256) {
        vm.prank(by);
        return network.propose(call);
    }

    function vote(uint256 id, address by, bool yes) internal {
        vm.prank(by);
        network.vote(id, yes);
    }

    /// Enough administrators agree.
    function decide(bytes memory call) internal {
        uint256 needed = network.votesNeeded();
        address[] memory admins = network.networkAdministrators();
        uint256 id = propose(admins[0], call);
        for (uint256 i = 1; i < needed; ++i) vote(id, admins[i], true);
    }

    function admit(bytes32 name, address banker) internal returns (uint32 organisation) {
        uint256 id;
        vm.prank(admin(0));
        (organisation, id) = network.proposeOrganisation(name, banker);
        for (uint256 i = 1; i < network.votesNeeded(); ++i) vote(id, admin(i), true);
    }
}

contract PermissionsTest is NetworkSetup {
    function setUp() public {
        start(3, 50);
    }

    function test_only_the_majority_does_what_is_the_majoritys() public {
        bytes[6] memory calls = [
            abi.encodeCall(network.approveOrganisation, (OPERATOR, STRANGER)),
            abi.encodeCall(network.addNetworkAdministrator, (TRANSACTOR)),
            abi.encodeCall(network.removeNetworkAdministrator, (admin(0))),
            abi.encodeCall(network.setSealer, (STRANGER)),
            abi.encodeCall(network.setMajority, (100)),
            abi.encodeCall(network.setOrganisationStatus, (OPERATOR, OrganisationStatus.Suspended))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            address[3] memory callers = [admin(0), TRANSACTOR, STRANGER];
            for (uint256 j = 0; j < callers.length; ++j) {
                vm.prank(callers[j]);
                (bool done,) = address(network).call(calls[i]);
                holds("refused", !done);
            }
        }
    }

    function test_a_new_administrator_is_an_account_that_may_transact() public {
        uint256 id = propose(admin(0), abi.encodeCall(network.addNetworkAdministrator, (STRANGER)));
        vm.prank(admin(1));
        vm.expectRevert(abi.encodeWithSelector(Permissions.AdministratorWithoutRight.selector, STRANGER));
        network.vote(id, true);
        admit("Bank", BANKER);
        decide(abi.encodeCall(network.addNetworkAdministrator, (BANKER)));
        holds("votes", network.isNetworkAdministrator(BANKER));
        same("three of four", network.votesNeeded(), 3);
    }

    function test_the_last_administrator_stays() public {
        decide(abi.encodeCall(network.removeNetworkAdministrator, (admin(2))));
        decide(abi.encodeCall(network.removeNetworkAdministrator, (admin(1))));
        vm.prank(admin(0));
        vm.expectRevert(abi.encodeWithSelector(Permissions.LastNetworkAdministrator.selector, admin(0)));
        network.propose(abi.encodeCall(network.removeNetworkAdministrator, (admin(0))));
    }

    function test_a_suspended_administrator_has_no_vote() public {
        vm.prank(admin(0));
        network.setAccountStatus(admin(1), AccountStatus.Suspended);
        vm.prank(admin(1));
        vm.expectRevert(abi.encodeWithSelector(Permissions.NotNetworkAdministrator.selector, admin(1)));
        network.propose("");
    }

    function test_sub_organisations_go_four_deep() public {
        uint32 parent = admit("Bank", BANKER);
        vm.startPrank(BANKER);
        for (uint256 depth = 2; depth <= network.DEPTH_MAX(); ++depth) {
            parent = network.addSubOrganisation(parent, "below");
        }
        vm.expectRevert(abi.encodeWithSelector(Directory.TooDeep.selector, parent, 4));
        network.addSubOrganisation(parent, "too deep");
    }

    function test_the_administrator_of_a_part_does_not_govern_the_whole() public {
        uint32 bank = admit("Bank", BANKER);
        vm.startPrank(BANKER);
        uint32 desk = network.addSubOrganisation(bank, "desk");
        uint32 head = network.addRole(desk, "head", Right.Full, false, ANY_VALUE);
        network.assignAccount(STRANGER, desk, head);
        vm.stopPrank();
        vm.startPrank(STRANGER);
        network.addRole(desk, "trader", Right.Transact, false, ANY_VALUE);
        vm.expectRevert(abi.encodeWithSelector(Directory.NotAdministratorOf.selector, STRANGER, bank));
        network.addRole(bank, "trader", Right.Transact, false, ANY_VALUE);
        vm.expectRevert(abi.encodeWithSelector(Directory.NotAdministratorOf.selector, STRANGER, bank));
        network.setAccountStatus(BANKER, AccountStatus.Suspended);
        vm.expectRevert(abi.encodeWithSelector(Directory.NotAdministratorOf.selector, STRANGER, bank));
        network.setOrganisationStatus(desk, OrganisationStatus.Suspended);
        vm.stopPrank();
        vm.prank(BANKER);
        network.setOrganisationStatus(desk, OrganisationStatus.Suspended);
        same("no right", uint256(network.rightOf(STRANGER)), uint256(Right.None));
    }

    function test_a_suspended_account_given_another_role_stays_suspended() public {
        vm.startPrank(admin(0));
        network.setAccountStatus(TRANSACTOR, AccountStatus.Suspended);
        network.assignAccount(TRANSACTOR, OPERATOR, 2);
        same("right", uint256(network.rightOf(TRANSACTOR)), 0);
        network.setAccountStatus(TRANSACTOR, AccountStatus.Active);
        same("right", uint256(network.rightOf(TRANSACTOR)), uint256(Right.Deploy));
    }

    function test_a_denylisting_is_lifted_by_the_majority_alone() public {
        vm.startPrank(admin(0));
        network.setAccountStatus(TRANSACTOR, AccountStatus.Denylisted);
        for (uint8 status = 2; status <= 4; ++status) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    Directory.InvalidAccountStatus.selector,
                    TRANSACTOR,
                    AccountStatus.Denylisted,
                    AccountStatus(status)
                )
            );
            network.setAccountStatus(TRANSACTOR, AccountStatus(status));
        }
        vm.stopPrank();
        same("still", uint256(network.rightOf(TRANSACTOR)), uint256(Right.None));
        decide(abi.encodeCall(network.setAccountStatus, (TRANSACTOR, AccountStatus.Active)));
        same("lifted", uint256(network.rightOf(TRANSACTOR)), uint256(Right.Transact));
        vm.startPrank(admin(0));
        network.setAccountStatus(TRANSACTOR, AccountStatus.Denylisted);
        network.setAccountStatus(TRANSACTOR, AccountStatus.Revoked);
        vm.stopPrank();
    }

    function test_an_administrator_votes_once() public {
        start(5, 50);
        uint256 id = propose(admin(0), abi.encodeCall(network.setSealer, (STRANGER)));
        vm.prank(admin(0));
        vm.expectRevert(abi.encodeWithSelector(Permissions.AlreadyVoted.selector, id, admin(0)));
        network.vote(id, true);
        vote(id, admin(1), false);
        vm.prank(admin(1));
        vm.expectRevert(abi.encodeWithSelector(Permissions.AlreadyVoted.selector, id, admin(1)));
        network.vote(id, true);
        holds("no vote is changed", network.sealer() == SEALER && network.voteOf(id, admin(1)) == Permissions.Vote.No);
    }

    function test_a_proposal_closes_at_its_second() public {
        uint256 id = propose(admin(0), abi.encodeCall(network.setSealer, (STRANGER)));
        uint256 closes = network.proposal(id).closesAt;
        same("thirty days", closes, 1_767_225_600 + 30 days);
        vm.warp(closes);
        vm.prank(admin(1));
        vm.expectRevert(abi.encodeWithSelector(Permissions.ProposalNotOpen.selector, id));
        network.vote(id, true);
        vm.warp(closes - 1);
        vote(id, admin(1), true);
        holds("decided in time", network.sealer() == STRANGER);
    }

    function test_a_role_carries_up_to_its_most_wei_and_goes_to_its_targets() public {
        vm.startPrank(admin(0));
        uint32 role = network.addRole(OPERATOR, "teller", Right.Transact, true, 100);
        network.setRoleTarget(role, SEALER, true);
        network.assignAccount(STRANGER, OPERATOR, role);
        vm.stopPrank();
        holds("the most", network.transactionAllowed(STRANGER, SEALER, 100, 0, 0, ""));
        holds("one more", !network.transactionAllowed(STRANGER, SEALER, 101, 0, 0, ""));
        holds("elsewhere", !network.transactionAllowed(STRANGER, BANKER, 0, 0, 0, ""));
        holds("creation", !network.transactionAllowed(STRANGER, address(0), 0, 0, 0, ""));
    }

    function test_a_role_needs_a_right_and_a_name() public {
        vm.startPrank(admin(0));
        vm.expectRevert(Directory.RightMissing.selector);
        network.addRole(OPERATOR, "x", Right.None, false, 0);
        vm.expectRevert(Directory.NameMissing.selector);
        network.addRole(OPERATOR, "", Right.Full, false, 0);
        vm.expectRevert(abi.encodeWithSelector(Directory.NoSuchRole.selector, 99));
        network.changeRole(99, Right.Full, true, false, 0);
        vm.expectRevert(abi.encodeWithSelector(Directory.NoSuchRole.selector, 99));
        network.assignAccount(STRANGER, OPERATOR, 99);
        vm.expectRevert(abi.encodeWithSelector(Directory.NotAdministratorOf.selector, admin(0), 77));
        network.addRole(77, "x", Right.Full, false, 0);
    }

    function test_an_organisation_is_approved_once_with_the_administrator_proposed() public {
        uint32 bank = admit("Bank", BANKER);
        uint256 id = propose(admin(0), abi.encodeCall(network.approveOrganisation, (bank, BANKER)));
        vm.prank(admin(1));
        vm.expectPartialRevert(Directory.InvalidOrganisationStatus.selector);
        network.vote(id, true);
        vm.prank(admin(0));
        vm.expectRevert(abi.encodeWithSelector(Directory.AccountOfAnotherOrganisation.selector, BANKER, bank));
        network.proposeOrganisation("Again", BANKER);
    }

    function test_who_waits_for_an_approval_is_not_bound_yet() public {
        vm.startPrank(admin(0));
        (uint32 first, uint256 approval) = network.proposeOrganisation("First", BANKER);
        (uint32 second,) = network.proposeOrganisation("Second", BANKER);
        same("waits for the second", network.getAccount(BANKER).organisation, second);
        network.assignAccount(BANKER, OPERATOR, 3);
        vm.stopPrank();
        same("taken by the operator", network.getAccount(BANKER).organisation, OPERATOR);
        vm.prank(admin(1));
        vm.expectPartialRevert(Directory.InvalidAccountStatus.selector);
        network.vote(approval, true);
        same("not approved", uint256(network.getOrganisation(first).status), uint256(OrganisationStatus.Proposed));
    }

    function test_a_setup_without_administrators_sealer_or_majority_is_refused() public {
        Permissions.Setup memory setup =
            Permissions.Setup(SEALER, 50, "operator", new address[](0), list(DEPLOYER), list(TRANSACTOR));
        vm.expectPartialRevert(Permissions.LastNetworkAdministrator.selector);
        new Permissions(setup);
        setup.administrators = list(admin(0));
        setup.majorityPercent = 49;
        vm.expectRevert(abi.encodeWithSelector(Permissions.InvalidMajority.selector, 49));
        new Permissions(setup);
        setup.majorityPercent = 50;
        setup.sealer = address(0);
        vm.expectRevert(Permissions.SealerMissing.selector);
        new Permissions(setup);
        setup.sealer = SEALER;
        setup.deployers = list(admin(0));
        vm.expectPartialRevert(Directory.AccountOfAnotherOrganisation.selector);
        new Permissions(setup);
    }

    /// Whatever the number of administrators, the share and the votes, a proposal is executed exactly when more than the share
    /// said yes, and rejected exactly when that cannot happen any more.
    function testFuzz_the_majority_is_counted_right(uint8 count, uint8 percent, uint256 ballots) public {
        uint256 voters = bounded(count, 1, 20);
        start(voters, uint8(bounded(percent, 50, 100)));
        uint256 needed = network.votesNeeded();
        holds("more than the share, or all", needed == voters || needed * 100 > voters * network.majorityPercent());
        holds("and not more than it takes", (needed - 1) * 100 <= voters * network.majorityPercent());

        uint256 id = propose(admin(0), abi.encodeCall(network.setSealer, (STRANGER)));
        (uint256 yes, uint256 no) = (1, 0);
        for (uint256 i = 1; i < voters; ++i) {
            bool decided = yes >= needed || voters - no < needed;
            same("open until decided", network.proposal(id).open ? 1 : 0, decided ? 0 : 1);
            bool ballot = (ballots >> i) & 1 == 1;
            vm.prank(admin(i));
            if (decided) vm.expectRevert(abi.encodeWithSelector(Permissions.ProposalNotOpen.selector, id));
            network.vote(id, ballot);
            if (decided) return;
            ballot ? ++yes : ++no;
        }
        holds("executed exactly by a majority", (network.sealer() == STRANGER) == (yes >= needed));
    }
}

/// Anybody does anything; drawn at random, most of it refused.
contract Members is NetworkSetup {
    address[] public everybody;

    constructor() {
        start(3, 50);
        for (uint256 i = 0; i < 3; ++i) everybody.push(admin(i));
        everybody.push(DEPLOYER);
        everybody.push(TRANSACTOR);
        admit("Bank", BANKER);
        everybody.push(BANKER);
        for (uint160 i = 0; i < 3; ++i) everybody.push(address(0x900 + i));
    }

    function networkUnderTest() external view returns (Permissions) {
        return network;
    }

    function count() external view returns (uint256) {
        return everybody.length;
    }

    function someone(uint256 draw) private view returns (address) {
        return everybody[draw % everybody.length];
    }

    function attempt(uint256 by, bytes memory call) private {
        vm.prank(someone(by));
        (bool done,) = address(network).call(call);
        done;
    }

    function drawn(uint256 draw) private view returns (bytes memory) {
        address who = someone(draw >> 8);
        uint32 id = uint32((draw >> 16) % 6);
        uint32 role = uint32((draw >> 24) % 10);
        uint256 kind = draw % 9;
        if (kind == 0) return abi.encodeCall(network.addSubOrganisation, (id, "sub"));
        if (kind == 1) {
            return abi.encodeCall(network.setOrganisationStatus, (id, OrganisationStatus((draw >> 32) % 4)));
        }
        if (kind == 2) return abi.encodeCall(network.addRole, (id, "role", Right((draw >> 32) % 5), false, ANY_VALUE));
        if (kind == 3) {
            return abi.encodeCall(network.changeRole, (role, Right((draw >> 32) % 5), draw >> 40 & 7 != 0, false, 0));
        }
        if (kind == 4) return abi.encodeCall(network.assignAccount, (who, id, role));
        if (kind == 5) return abi.encodeCall(network.setAccountStatus, (who, AccountStatus((draw >> 32) % 6)));
        if (kind == 6) return abi.encodeCall(network.addNetworkAdministrator, (who));
        if (kind == 7) return abi.encodeCall(network.removeNetworkAdministrator, (who));
        return abi.encodeCall(network.setMajority, (uint8(50 + (draw >> 32) % 51)));
    }

    function act(uint256 by, uint256 draw) external {
        attempt(by, drawn(draw));
    }

    function proposeAct(uint256 by, uint256 draw) external {
        attempt(by, abi.encodeCall(network.propose, (drawn(draw))));
    }

    function proposeBank(uint256 by, uint256 banker) external {
        attempt(by, abi.encodeCall(network.proposeOrganisation, ("another", someone(banker))));
    }

    function castVote(uint256 by, uint256 id, bool yes) external {
        uint256 newest = network.proposalCount();
        attempt(by, abi.encodeCall(network.vote, (newest - bounded(id, 0, newest < 5 ? newest : 5), yes)));
    }
}

contract PermissionsInvariantsTest is NetworkSetup {
    Members private members;

    function setUp() public {
        members = new Members();
        network = members.networkUnderTest();
    }

    function targetContracts() external view returns (address[] memory) {
        return list(address(members));
    }

    function invariant_somebody_can_always_vote_and_a_majority_is_possible() external view {
        uint256 voters = network.networkAdministrators().length;
        holds("at least one", voters >= 1);
        holds("reachable", network.votesNeeded() >= 1 && network.votesNeeded() <= voters);
        holds("at least half", network.majorityPercent() >= 50 && network.majorityPercent() <= 100);
    }

    function invariant_who_has_a_right_is_active_in_an_approved_organisation() external view {
        for (uint256 i = 0; i < members.count(); ++i) {
            address who = members.everybody(i);
            Account memory entry = network.getAccount(who);
            if (network.rightOf(who) == Right.None) {
                holds("no right, no transaction", !network.transactionAllowed(who, SEALER, 0, 0, 0, ""));
                continue;
            }
            holds("active", entry.status == AccountStatus.Active);
            holds("role in force", network.getRole(entry.role).active);
            uint256 depth = 0;
            for (uint32 id = entry.organisation; id != 0; id = network.getOrganisation(id).parent) {
                holds("approved", network.getOrganisation(id).status == OrganisationStatus.Approved);
                ++depth;
            }
            holds("not too deep", depth >= 1 && depth <= network.DEPTH_MAX());
        }
    }

    function invariant_a_role_counts_only_in_its_organisation_and_below() external view {
        for (uint256 i = 0; i < members.count(); ++i) {
            Account memory entry = network.getAccount(members.everybody(i));
            if (entry.status == AccountStatus.None) continue;
            uint32 owner = network.getRole(entry.role).organisation;
            uint32 id = entry.organisation;
            while (id != 0 && id != owner) id = network.getOrganisation(id).parent;
            holds("own or above", id == owner && owner != 0);
        }
    }
}
