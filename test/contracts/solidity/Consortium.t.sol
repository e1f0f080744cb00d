// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {AnchorRegistry} from "contracts/src/AnchorRegistry.sol";
import {Consortium} from "contracts/src/Consortium.sol";
import {IAnchorRegistry} from "contracts/src/IAnchorRegistry.sol";
import {IConsortium} from "contracts/src/IConsortium.sol";
import {Role} from "contracts/src/Role.sol";
import {World} from "./World.sol";

contract ConsortiumVotesTest is World {
    address private constant SIXTH = address(0x6);
    address private constant SIXTH_VALIDATOR = address(0x60);

    function test_foundersAreMembersWithAValidatorEach() public view {
        equal(consortium.members().length, 5, "members");
        equal(consortium.getValidators().length, 5, "validators");
        equal(consortium.majority(), 3, "majority");
        check(consortium.isActive(hospitals[4], Role.Hospital), "active");
        check(consortium.validatorOf(hospitals[2]) == vm.addr(202), "its validator");
        (uint48 delay, uint48 expiry) = consortium.times();
        check(delay == DELAY && expiry == EXPIRY, "times");
        check(keccak256(bytes(consortium.version())) == keccak256("1.0.0"), "version");
    }

    function test_foundersMustBeFourEachWithItsOwnValidator() public {
        address[] memory three = new address[](3);
        vm.expectPartialRevert(IConsortium.ConsortiumTooFewValidators.selector);
        new Consortium(three, three, DELAY, EXPIRY);
        address[] memory four = new address[](4);
        vm.expectPartialRevert(IConsortium.ConsortiumTooFewValidators.selector);
        new Consortium(hospitals, four, DELAY, EXPIRY);
        address[] memory five = new address[](5);
        vm.expectPartialRevert(IConsortium.ConsortiumZeroAddress.selector);
        new Consortium(hospitals, five, DELAY, EXPIRY);
        for (uint256 i = 0; i < 5; i++) {
            five[i] = vm.addr(7);
        }
        vm.expectPartialRevert(IConsortium.ConsortiumValidatorTaken.selector);
        new Consortium(hospitals, five, DELAY, EXPIRY);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongTimes.selector);
        new Consortium(hospitals, five, DELAY, DELAY);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongTimes.selector);
        new Consortium(hospitals, five, 0, EXPIRY);
    }

    function test_admitsByMajorityAfterTheDelay() public {
        uint256 id = propose(0, admit(SIXTH, Role.Hospital, SIXTH_VALIDATOR));
        approve(1, id);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongState.selector);
        consortium.execute(id);
        approve(2, id);
        vm.expectPartialRevert(IConsortium.ConsortiumTooEarly.selector);
        consortium.execute(id);
        vm.warp(block.timestamp + DELAY);
        consortium.execute(id);
        equal(consortium.members().length, 6, "members");
        equal(consortium.getValidators().length, 6, "validators");
        check(consortium.isActive(SIXTH, Role.Hospital), "active");
        vm.expectPartialRevert(IConsortium.ConsortiumWrongState.selector);
        consortium.execute(id);
    }

    function test_onlyMembersVoteAndOnce() public {
        vm.expectPartialRevert(IConsortium.ConsortiumNotMember.selector);
        consortium.propose(admit(SIXTH, Role.Insurer, address(0)));
        uint256 id = propose(0, admit(SIXTH, Role.Insurer, address(0)));
        vm.expectPartialRevert(IConsortium.ConsortiumNotMember.selector);
        consortium.approve(id);
        vm.prank(hospitals[0]);
        vm.expectPartialRevert(IConsortium.ConsortiumApproved.selector);
        consortium.approve(id);
        vm.prank(hospitals[3]);
        vm.expectPartialRevert(IConsortium.ConsortiumNotApproved.selector);
        consortium.disapprove(id);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongState.selector);
        approve(0, 77);
    }

    function test_anApprovalCanBeTakenBack() public {
        uint256 id = propose(0, admit(SIXTH, Role.Insurer, address(0)));
        approve(1, id);
        approve(2, id);
        approve(3, id);
        vm.prank(hospitals[3]);
        consortium.disapprove(id);
        (,,, uint48 acceptedAt,) = consortium.proposal(id);
        check(acceptedAt != 0, "still a majority");
        vm.prank(hospitals[2]);
        consortium.disapprove(id);
        (,,, acceptedAt,) = consortium.proposal(id);
        equal(acceptedAt, 0, "its delay begins anew");
        vm.warp(block.timestamp + DELAY);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongState.selector);
        consortium.execute(id);
    }

    function test_expires() public {
        uint256 id = accepted(admit(SIXTH, Role.Insurer, address(0)));
        vm.warp(block.timestamp + EXPIRY);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongState.selector);
        consortium.execute(id);
        propose(0, admit(SIXTH, Role.Insurer, address(0)));
    }

    function test_aMemberHasOneProposalAtATimeAndMayWithdrawIt() public {
        uint256 id = propose(0, admit(SIXTH, Role.Insurer, address(0)));
        vm.prank(hospitals[0]);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongState.selector);
        consortium.propose(admit(SIXTH, Role.Insurer, address(0)));
        vm.prank(hospitals[1]);
        vm.expectPartialRevert(IConsortium.ConsortiumNotYours.selector);
        consortium.withdraw(id);
        vm.prank(hospitals[0]);
        consortium.withdraw(id);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongState.selector);
        approve(1, id);
        propose(0, admit(SIXTH, Role.ResearchInstitute, address(0)));
    }

    function test_theMajorityIsThatOfTheMembersOfNow() public {
        uint256 id = propose(3, admit(SIXTH, Role.Insurer, address(0)));
        approve(4, id);
        equal(consortium.approvals(id), 2, "approvals");
        carryOut(act(IConsortium.Act.Expel, hospitals[4], address(0)));
        // Whose member was expelled: its approval counts no more.
        equal(consortium.approvals(id), 1, "approvals after");
        equal(consortium.majority(), 3, "majority of four");
        approve(0, id);
        approve(1, id);
        vm.warp(block.timestamp + DELAY);
        consortium.execute(id);
        check(consortium.isActive(SIXTH, Role.Insurer), "admitted");
    }

    function test_aMajorityByFewerMembersBeginsItsDelayWhenItIsAskedFor() public {
        carryOut(admit(SIXTH, Role.Hospital, address(0)));
        uint256 id = propose(3, admit(address(0x7), Role.Insurer, address(0)));
        approve(4, id);
        approve(1, id);
        uint256 out = propose(0, act(IConsortium.Act.Expel, SIXTH, address(0)));
        for (uint256 i = 1; i < 4; i++) {
            approve(i, out);
        }
        vm.warp(block.timestamp + DELAY);
        consortium.execute(out);
        consortium.execute(id);
        check(!consortium.isActive(address(0x7), Role.Insurer), "not yet");
        vm.warp(block.timestamp + DELAY);
        consortium.execute(id);
        check(consortium.isActive(address(0x7), Role.Insurer), "then");
    }

    function test_neverUnderFourValidators() public {
        carryOut(act(IConsortium.Act.SetValidator, hospitals[4], address(0)));
        equal(consortium.getValidators().length, 4, "four");
        uint256 id = accepted(act(IConsortium.Act.SetValidator, hospitals[3], address(0)));
        vm.expectPartialRevert(IConsortium.ConsortiumTooFewValidators.selector);
        consortium.execute(id);
        vm.prank(hospitals[0]);
        consortium.withdraw(id);
        id = accepted(act(IConsortium.Act.Expel, hospitals[3], address(0)));
        vm.expectPartialRevert(IConsortium.ConsortiumTooFewValidators.selector);
        consortium.execute(id);
    }

    function test_aReplacementIsOneAct() public {
        carryOut(act(IConsortium.Act.SetValidator, hospitals[4], address(0)));
        carryOut(act(IConsortium.Act.SetValidator, hospitals[3], vm.addr(300)));
        equal(consortium.getValidators().length, 4, "replaced");
        check(consortium.validatorOf(hospitals[3]) == vm.addr(300), "the new one");
        IConsortium.Proposal memory what = act(IConsortium.Act.Expel, hospitals[3], vm.addr(301));
        what.beneficiary = hospitals[4];
        carryOut(what);
        equal(consortium.getValidators().length, 4, "another's instead");
        check(consortium.validatorOf(hospitals[4]) == vm.addr(301), "of the beneficiary");
        check(!consortium.isActive(hospitals[3], Role.Hospital), "expelled");
        // A validator that went out may come in again.
        carryOut(act(IConsortium.Act.SetValidator, hospitals[2], vm.addr(300)));
    }

    function test_oneChangeOfTheValidatorsAtATime() public {
        uint256 one = propose(0, act(IConsortium.Act.SetValidator, hospitals[0], vm.addr(300)));
        uint256 two = propose(1, act(IConsortium.Act.SetValidator, hospitals[1], vm.addr(301)));
        for (uint256 i = 2; i < 4; i++) {
            approve(i, one);
            approve(i, two);
        }
        vm.warp(block.timestamp + DELAY);
        consortium.execute(one);
        vm.expectPartialRevert(IConsortium.ConsortiumTooEarly.selector);
        consortium.execute(two);
        vm.warp(block.timestamp + DELAY);
        consortium.execute(two);
    }

    function test_refusesWhatCannotBe() public {
        refused(admit(address(0), Role.Hospital, address(0)), IConsortium.ConsortiumZeroAddress.selector);
        refused(admit(SIXTH, Role.Nurse, address(0)), IConsortium.ConsortiumWrongRole.selector);
        refused(admit(SIXTH, Role.Insurer, SIXTH_VALIDATOR), IConsortium.ConsortiumWrongRole.selector);
        refused(admit(hospitals[1], Role.Hospital, address(0)), IConsortium.ConsortiumKnown.selector);
        refused(act(IConsortium.Act.Expel, SIXTH, address(0)), IConsortium.ConsortiumUnknown.selector);
        address same = vm.addr(201);
        refused(act(IConsortium.Act.SetValidator, hospitals[1], same), IConsortium.ConsortiumValidatorTaken.selector);
        IConsortium.Proposal memory what = act(IConsortium.Act.Expel, hospitals[1], SIXTH_VALIDATOR);
        refused(what, IConsortium.ConsortiumNotHospital.selector);
        what.beneficiary = hospitals[2];
        refused(what, IConsortium.ConsortiumValidatorTaken.selector);
        carryOut(act(IConsortium.Act.SetValidator, hospitals[1], address(0)));
        refused(what, IConsortium.ConsortiumHasNoValidator.selector);
        carryOut(admit(SIXTH, Role.Insurer, address(0)));
        refused(act(IConsortium.Act.SetValidator, SIXTH, SIXTH_VALIDATOR), IConsortium.ConsortiumWrongRole.selector);
        carryOut(act(IConsortium.Act.Expel, SIXTH, address(0)));
        refused(act(IConsortium.Act.Expel, SIXTH, address(0)), IConsortium.ConsortiumRetired.selector);
        refused(act(IConsortium.Act.SetValidator, hospitals[1], vm.addr(200)), 0);
        vm.warp(block.timestamp + EXPIRY + 1);
        uint256 id = accepted(act(IConsortium.Act.SetValidator, hospitals[1], vm.addr(200)));
        vm.expectPartialRevert(IConsortium.ConsortiumValidatorTaken.selector);
        consortium.execute(id);
    }

    function refused(IConsortium.Proposal memory what, bytes4 selector) private {
        vm.prank(hospitals[3]);
        if (selector != 0) vm.expectPartialRevert(selector);
        consortium.propose(what);
    }

    function test_aSuspendedMemberCountsAndDoesNotVote() public {
        uint256 id = propose(4, admit(SIXTH, Role.Insurer, address(0)));
        carryOut(act(IConsortium.Act.Suspend, hospitals[4], address(0)));
        equal(consortium.approvals(id), 0, "its approval");
        equal(consortium.majority(), 3, "majority");
        vm.prank(hospitals[4]);
        vm.expectPartialRevert(IConsortium.ConsortiumNotMember.selector);
        consortium.propose(admit(SIXTH, Role.Insurer, address(0)));
        uint256 again = accepted(act(IConsortium.Act.Suspend, hospitals[4], address(0)));
        vm.expectPartialRevert(IConsortium.ConsortiumRetired.selector);
        consortium.execute(again);
        vm.prank(hospitals[0]);
        consortium.withdraw(again);
        carryOut(act(IConsortium.Act.Reinstate, hospitals[4], address(0)));
        check(consortium.isActive(hospitals[4], Role.Hospital), "reinstated");
        again = accepted(act(IConsortium.Act.Reinstate, hospitals[4], address(0)));
        vm.expectPartialRevert(IConsortium.ConsortiumKnown.selector);
        consortium.execute(again);
    }

    function test_neverMoreThan64Members() public {
        address[] memory many = new address[](64);
        address[] memory theirs = new address[](64);
        for (uint256 i = 0; i < 64; i++) {
            (many[i], theirs[i]) = (vm.addr(1000 + i), vm.addr(2000 + i));
        }
        Consortium full = new Consortium(many, theirs, DELAY, EXPIRY);
        vm.prank(many[0]);
        uint256 id = full.propose(admit(SIXTH, Role.Hospital, address(0)));
        for (uint256 i = 1; i < 33; i++) {
            vm.prank(many[i]);
            full.approve(id);
        }
        vm.warp(block.timestamp + DELAY);
        vm.expectPartialRevert(IConsortium.ConsortiumTooMany.selector);
        full.execute(id);
    }
}

contract ConsortiumAccountsTest is World {
    address private constant NURSE = address(0x21);
    address private constant GATEWAY = address(0x22);

    function test_aHospitalEnrolsItsPeople() public {
        enrol(1, NURSE, Role.Nurse, bytes32(0));
        check(consortium.isActive(NURSE, Role.Nurse) && !consortium.isActive(NURSE, Role.Practitioner), "a nurse");
        check(consortium.actsFor(NURSE, hospitals[1]) && !consortium.actsFor(NURSE, hospitals[0]), "of this hospital");
        check(consortium.actsFor(hospitals[1], hospitals[1]), "for itself");
        IConsortium.Account memory it = consortium.account(NURSE);
        check(it.hospital == hospitals[1] && it.since == block.timestamp, "by whom, when");
        check(!consortium.isActive(address(0x99), Role.None), "nobody is nothing");
    }

    function test_whoMayNotEnrol() public {
        vm.expectPartialRevert(IConsortium.ConsortiumNotHospital.selector);
        consortium.enrol(NURSE, Role.Nurse, bytes32(0), new IConsortium.NewKey[](0));
        refusedEnrol(NURSE, Role.Hospital, bytes32(0), IConsortium.ConsortiumWrongRole.selector);
        refusedEnrol(NURSE, Role.None, bytes32(0), IConsortium.ConsortiumWrongRole.selector);
        refusedEnrol(NURSE, Role.Nurse, SUBJECT, IConsortium.ConsortiumWrongSubject.selector);
        refusedEnrol(GATEWAY, Role.Gateway, bytes32(0), IConsortium.ConsortiumWrongSubject.selector);
        refusedEnrol(address(0), Role.Nurse, bytes32(0), IConsortium.ConsortiumZeroAddress.selector);
        enrol(0, NURSE, Role.Nurse, bytes32(0));
        refusedEnrol(NURSE, Role.Nurse, bytes32(0), IConsortium.ConsortiumKnown.selector);
        IConsortium.NewKey[] memory five = new IConsortium.NewKey[](5);
        vm.prank(hospitals[0]);
        vm.expectPartialRevert(IConsortium.ConsortiumTooMany.selector);
        consortium.enrol(GATEWAY, Role.Gateway, SUBJECT, five);
    }

    function refusedEnrol(address who, Role role, bytes32 subject, bytes4 selector) private {
        vm.prank(hospitals[0]);
        vm.expectPartialRevert(selector);
        consortium.enrol(who, role, subject, new IConsortium.NewKey[](0));
    }

    function test_suspendedWithItsHospital() public {
        enrol(4, NURSE, Role.Nurse, bytes32(0));
        carryOut(act(IConsortium.Act.Suspend, hospitals[4], address(0)));
        check(!consortium.isActive(NURSE, Role.Nurse), "with its hospital");
        vm.prank(hospitals[4]);
        vm.expectPartialRevert(IConsortium.ConsortiumNotYours.selector);
        consortium.retire(NURSE);
        carryOut(act(IConsortium.Act.Reinstate, hospitals[4], address(0)));
        carryOut(act(IConsortium.Act.Expel, hospitals[4], address(0)));
        check(!consortium.isActive(NURSE, Role.Nurse), "gone with its hospital");
    }

    function test_suspendReinstateRetire() public {
        enrol(0, NURSE, Role.Nurse, bytes32(0));
        vm.prank(hospitals[1]);
        vm.expectPartialRevert(IConsortium.ConsortiumNotYours.selector);
        consortium.suspend(NURSE);
        vm.prank(NURSE);
        vm.expectPartialRevert(IConsortium.ConsortiumNotYours.selector);
        consortium.suspend(NURSE);
        vm.startPrank(hospitals[0]);
        consortium.suspend(NURSE);
        check(!consortium.isActive(NURSE, Role.Nurse), "suspended");
        vm.expectPartialRevert(IConsortium.ConsortiumRetired.selector);
        consortium.suspend(NURSE);
        consortium.reinstate(NURSE);
        vm.expectPartialRevert(IConsortium.ConsortiumKnown.selector);
        consortium.reinstate(NURSE);
        vm.stopPrank();
        vm.prank(NURSE);
        consortium.retire(NURSE);
        vm.startPrank(hospitals[0]);
        vm.expectPartialRevert(IConsortium.ConsortiumRetired.selector);
        consortium.retire(NURSE);
        vm.expectPartialRevert(IConsortium.ConsortiumRetired.selector);
        consortium.reinstate(NURSE);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongRole.selector);
        consortium.retire(hospitals[0]);
        vm.expectPartialRevert(IConsortium.ConsortiumNotYours.selector);
        consortium.suspend(hospitals[0]);
        vm.stopPrank();
    }

    function test_keysBelongToOneAccountAndOneUse() public {
        IConsortium.NewKey[] memory keys = new IConsortium.NewKey[](2);
        keys[0] = key(11, IConsortium.KeyUse.Signing);
        keys[1] = key(12, IConsortium.KeyUse.Encryption);
        vm.prank(hospitals[0]);
        consortium.enrol(NURSE, Role.Nurse, bytes32(0), keys);
        bytes32 id = sha256(abi.encodePacked(keys[0].x, keys[0].y));
        uint48 t = uint48(block.timestamp);
        check(consortium.key(id).account == NURSE, "whose");
        check(consortium.isKeyValid(id, IConsortium.KeyUse.Signing, t), "valid");
        check(!consortium.isKeyValid(id, IConsortium.KeyUse.Encryption, t), "for its use");
        check(!consortium.isKeyValid(id, IConsortium.KeyUse.Signing, t - 1), "not before");
        check(!consortium.isKeyValid(id, IConsortium.KeyUse.Signing, t + 366 days), "not after");
        check(!consortium.isKeyValid(bytes32(0), IConsortium.KeyUse.Signing, t), "unknown");
        IConsortium.NewKey memory same = key(11, IConsortium.KeyUse.Signing);
        vm.prank(hospitals[1]);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongKey.selector);
        consortium.addKey(same);
        vm.warp(t + 10);
        vm.prank(NURSE);
        consortium.revokeKey(id);
        check(consortium.isKeyValid(id, IConsortium.KeyUse.Signing, t + 9), "signed before");
        check(!consortium.isKeyValid(id, IConsortium.KeyUse.Signing, t + 10), "signed after");
        vm.prank(NURSE);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongKey.selector);
        consortium.revokeKey(id);
    }

    function test_keysThatAreNone() public {
        IConsortium.NewKey memory bad = key(11, IConsortium.KeyUse.Signing);
        bad.y = bytes32(uint256(1));
        vm.prank(hospitals[0]);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongKey.selector);
        consortium.addKey(bad);
        bad = key(11, IConsortium.KeyUse.Signing);
        bad.notAfter = bad.notBefore - 1;
        vm.prank(hospitals[0]);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongKey.selector);
        consortium.addKey(bad);
        bad = key(13, IConsortium.KeyUse.Signing);
        vm.prank(NURSE);
        vm.expectPartialRevert(IConsortium.ConsortiumUnknown.selector);
        consortium.addKey(bad);
        enrol(0, NURSE, Role.Nurse, bytes32(0));
        vm.prank(hospitals[0]);
        consortium.suspend(NURSE);
        vm.prank(NURSE);
        vm.expectPartialRevert(IConsortium.ConsortiumRetired.selector);
        consortium.addKey(bad);
        vm.prank(hospitals[1]);
        consortium.addKey(bad);
        bytes32 id = sha256(abi.encodePacked(bad.x, bad.y));
        vm.prank(hospitals[0]);
        vm.expectPartialRevert(IConsortium.ConsortiumNotYours.selector);
        consortium.revokeKey(id);
    }

    function test_gatewaysAnchorFromTheirEnrolmentToTheirEnd() public {
        enrol(0, GATEWAY, Role.Gateway, SUBJECT);
        check(anchors.head(GATEWAY).enrolled, "enrolled");
        vm.prank(hospitals[0]);
        consortium.suspend(GATEWAY);
        check(!anchors.head(GATEWAY).enrolled, "suspended");
        vm.prank(hospitals[0]);
        consortium.reinstate(GATEWAY);
        check(anchors.head(GATEWAY).enrolled, "reinstated");
        vm.prank(hospitals[0]);
        consortium.suspend(GATEWAY);
        vm.prank(hospitals[0]);
        consortium.retire(GATEWAY);
        check(!anchors.head(GATEWAY).enrolled, "retired");
    }

    function test_aGatewayIsSucceeded() public {
        address next = address(0x23);
        enrol(0, GATEWAY, Role.Gateway, SUBJECT);
        vm.prank(GATEWAY);
        anchors.anchor(1, bytes32(0), keccak256("1"));
        enrol(0, next, Role.Gateway, SUBJECT);
        vm.startPrank(hospitals[0]);
        vm.expectPartialRevert(IConsortium.ConsortiumKnown.selector);
        consortium.succeed(GATEWAY, next);
        consortium.retire(GATEWAY);
        vm.expectPartialRevert(IConsortium.ConsortiumNotYours.selector);
        consortium.succeed(GATEWAY, address(0x77));
        vm.expectPartialRevert(IConsortium.ConsortiumWrongRole.selector);
        consortium.succeed(vm.addr(PATIENT), next);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongRole.selector);
        consortium.succeed(GATEWAY, vm.addr(PATIENT));
        consortium.succeed(GATEWAY, next);
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNoSuccession.selector);
        consortium.succeed(GATEWAY, next);
        vm.stopPrank();
        check(anchors.successor(GATEWAY) == next, "successor");
        equal(anchors.head(next).number, 1, "goes on");
        vm.prank(next);
        anchors.anchor(2, keccak256("1"), keccak256("2"));
    }

    function test_aSuccessorIsOfTheSamePatient() public {
        address next = address(0x23);
        enrol(0, GATEWAY, Role.Gateway, SUBJECT);
        enrol(0, next, Role.Gateway, keccak256("another"));
        vm.startPrank(hospitals[0]);
        consortium.retire(GATEWAY);
        vm.expectPartialRevert(IConsortium.ConsortiumWrongSubject.selector);
        consortium.succeed(GATEWAY, next);
        vm.stopPrank();
    }

    function test_takesOneRegistry() public {
        AnchorRegistry other = new AnchorRegistry(address(this));
        vm.prank(hospitals[0]);
        vm.expectPartialRevert(IConsortium.ConsortiumRegistrySet.selector);
        consortium.takeRegistry(address(other));
        address[] memory validators = new address[](5);
        for (uint256 i = 0; i < 5; i++) {
            validators[i] = vm.addr(400 + i);
        }
        Consortium fresh = new Consortium(hospitals, validators, DELAY, EXPIRY);
        other.offerRegistrar(address(fresh));
        vm.startPrank(hospitals[0]);
        fresh.enrol(GATEWAY, Role.Gateway, SUBJECT, new IConsortium.NewKey[](0));
        fresh.suspend(GATEWAY);
        fresh.reinstate(GATEWAY);
        fresh.retire(GATEWAY);
        fresh.enrol(address(0x23), Role.Gateway, SUBJECT, new IConsortium.NewKey[](0));
        vm.expectPartialRevert(IConsortium.ConsortiumNoRegistry.selector);
        fresh.succeed(GATEWAY, address(0x23));
        fresh.takeRegistry(address(other));
        vm.stopPrank();
        check(other.registrar() == address(fresh), "office taken");
    }

    function test_patientKeys() public view {
        check(consortium.isPatientKey(vm.addr(PATIENT), SUBJECT), "theirs");
        check(!consortium.isPatientKey(vm.addr(PATIENT), keccak256("x")), "of nobody else");
        check(!consortium.isPatientKey(hospitals[0], bytes32(0)), "no pseudonym");
    }
}
