// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IConsentRegistry} from "contracts/src/IConsentRegistry.sol";
import {IConsortium} from "contracts/src/IConsortium.sol";
import {IRecordRegistry} from "contracts/src/IRecordRegistry.sol";
import {Relayed} from "contracts/src/Relayed.sol";
import {Role} from "contracts/src/Role.sol";
import {World} from "./World.sol";

contract RecordRegistryTest is World {
    uint256 private constant DOCTOR = 0xD0C;
    bytes32 private constant GRANT = keccak256("grant");
    bytes32 private constant NOTE = keccak256("salted note");

    function setUp() public override {
        super.setUp();
        enrol(1, vm.addr(DOCTOR), Role.Practitioner, bytes32(0));
        grant(GRANT, termsFor(vm.addr(DOCTOR)), 0);
        support(3, 2, 1);
    }

    function note() private pure returns (IRecordRegistry.NewEntry memory) {
        return IRecordRegistry.NewEntry(
            SUBJECT, vm.addr(DOCTOR), IRecordRegistry.Kind.Note, NOTE, keccak256("salted place"), 0
        );
    }

    function stateOf(bytes32 id) private view returns (IRecordRegistry.State) {
        return records.entry(id).state;
    }

    function test_acceptedByKHospitalsAndThePatientOneByOne() public {
        publish(note(), GRANT, DOCTOR);
        equal(records.pending(SUBJECT).length, 1, "pending");
        endorse(100, NOTE);
        endorse(101, NOTE);
        check(stateOf(NOTE) == IRecordRegistry.State.Pending, "not without the patient");
        (uint256 endorsed, uint256 against, uint256 needed, bool byPatient) = records.count(NOTE);
        check(endorsed == 2 && against == 0 && needed == 2 && !byPatient, "count");
        endorse(PATIENT, NOTE);
        check(stateOf(NOTE) == IRecordRegistry.State.Accepted, "accepted");
        equal(records.pending(SUBJECT).length, 0, "none pending");
        IRecordRegistry.Entry memory it = records.entry(NOTE);
        check(it.version == 1 && it.author == vm.addr(DOCTOR) && it.time == block.timestamp, "entry");
        vm.expectPartialRevert(IRecordRegistry.RecordWrongState.selector);
        endorse(102, NOTE);
    }

    function test_acceptedByAllSignaturesInOneTransaction() public {
        publish(note(), GRANT, DOCTOR);
        IRecordRegistry.Vote[] memory votes = new IRecordRegistry.Vote[](3);
        (votes[0], votes[1], votes[2]) = (vote(PATIENT, NOTE), vote(101, NOTE), vote(102, NOTE));
        records.endorse(NOTE, votes);
        check(stateOf(NOTE) == IRecordRegistry.State.Accepted, "accepted");
    }

    function test_aVoiceCountsOnceAndOnlyWhoHasOne() public {
        publish(note(), GRANT, DOCTOR);
        endorse(100, NOTE);
        vm.expectPartialRevert(IRecordRegistry.RecordVoted.selector);
        endorse(100, NOTE);
        vm.expectPartialRevert(IRecordRegistry.RecordNoVote.selector);
        endorse(104, NOTE);
        vm.expectPartialRevert(IRecordRegistry.RecordNoVote.selector);
        endorse(DOCTOR, NOTE);
        endorse(PATIENT, NOTE);
        // A second key of the patient is the same voice.
        enrol(0, vm.addr(0xA2), Role.PatientKey, SUBJECT);
        vm.expectPartialRevert(IRecordRegistry.RecordVoted.selector);
        endorse(0xA2, NOTE);
        IRecordRegistry.Vote[] memory forged = new IRecordRegistry.Vote[](1);
        forged[0] = vote(0xBAD, NOTE);
        forged[0].signer = hospitals[2];
        vm.expectPartialRevert(Relayed.RelayedWrongSignature.selector);
        records.endorse(NOTE, forged);
        forged[0] = vote(102, NOTE);
        vm.warp(block.timestamp + 2 hours);
        vm.expectPartialRevert(Relayed.RelayedExpired.selector);
        records.endorse(NOTE, forged);
    }

    function test_whoWasSuspendedEndorsesNothing() public {
        publish(note(), GRANT, DOCTOR);
        endorse(PATIENT, NOTE);
        endorse(102, NOTE);
        carryOut(act(IConsortium.Act.Suspend, hospitals[2], address(0)));
        (uint256 endorsed,,,) = records.count(NOTE);
        equal(endorsed, 0, "endorsed");
        endorse(100, NOTE);
        check(stateOf(NOTE) == IRecordRegistry.State.Pending, "one of two");
        endorse(101, NOTE);
        check(stateOf(NOTE) == IRecordRegistry.State.Accepted, "two");
    }

    function test_thePatientsRefusalEndsIt() public {
        publish(note(), GRANT, DOCTOR);
        IRecordRegistry.Vote memory word = refusal(PATIENT, NOTE);
        vm.expectRevert(IRecordRegistry.RecordZeroReason.selector);
        records.refuse(NOTE, 0, word);
        records.refuse(NOTE, REASON, word);
        check(stateOf(NOTE) == IRecordRegistry.State.Refused && records.entry(NOTE).reason == REASON, "refused");
        equal(records.pending(SUBJECT).length, 0, "none pending");
    }

    function test_hospitalsRefuseItWhenTheOthersAreTooFew() public {
        publish(note(), GRANT, DOCTOR);
        records.refuse(NOTE, REASON, refusal(100, NOTE));
        check(stateOf(NOTE) == IRecordRegistry.State.Pending, "two are left");
        records.refuse(NOTE, REASON, refusal(101, NOTE));
        check(stateOf(NOTE) == IRecordRegistry.State.Refused, "one is left");
    }

    function test_noEntryWithoutALiveGrantToWrite() public {
        IRecordRegistry.NewEntry memory what = note();
        vm.expectPartialRevert(IRecordRegistry.RecordNotAllowed.selector);
        publish(what, keccak256("none"), DOCTOR);
        vm.expectPartialRevert(Relayed.RelayedWrongSignature.selector);
        publish(what, GRANT, 0xBAD);
        bytes32 readOnly = keccak256("read only");
        IConsentRegistry.Terms memory terms = termsFor(vm.addr(DOCTOR));
        terms.access = 1;
        grant(readOnly, terms, 1);
        vm.expectPartialRevert(IRecordRegistry.RecordNotAllowed.selector);
        publish(what, readOnly, DOCTOR);
        bytes32 bills = keccak256("bills");
        terms = termsFor(vm.addr(DOCTOR));
        terms.dataClasses = uint32(1) << (16 + uint8(IRecordRegistry.Kind.Bill));
        grant(bills, terms, 2);
        vm.expectPartialRevert(IRecordRegistry.RecordNotAllowed.selector);
        publish(what, bills, DOCTOR);
        what.kind = IRecordRegistry.Kind.Bill;
        publish(what, bills, DOCTOR);
        what.contentHash = keccak256("second");
        consents.revoke(bills, SUBJECT, vm.addr(PATIENT), revocation(PATIENT, bills, SUBJECT));
        vm.expectPartialRevert(IRecordRegistry.RecordNotAllowed.selector);
        publish(what, bills, DOCTOR);
    }

    function test_entriesThatAreNone() public {
        IRecordRegistry.NewEntry memory what = note();
        what.contentHash = 0;
        vm.expectRevert(IRecordRegistry.RecordWrongEntry.selector);
        publish(what, GRANT, DOCTOR);
        what = note();
        what.locatorHash = 0;
        vm.expectRevert(IRecordRegistry.RecordWrongEntry.selector);
        publish(what, GRANT, DOCTOR);
        what = note();
        what.subject = 0;
        vm.expectRevert(IRecordRegistry.RecordWrongEntry.selector);
        publish(what, GRANT, DOCTOR);
        publish(note(), GRANT, DOCTOR);
        what = note();
        vm.expectPartialRevert(IRecordRegistry.RecordKnown.selector);
        publish(what, GRANT, DOCTOR);
        vm.expectPartialRevert(Relayed.RelayedExpired.selector);
        records.publish(what2(), GRANT, TREATMENT, uint48(block.timestamp - 1), "");
    }

    function what2() private pure returns (IRecordRegistry.NewEntry memory what) {
        what = note();
        what.contentHash = keccak256("other");
    }

    function test_aChangeIsANewVersion() public {
        publish(note(), GRANT, DOCTOR);
        IRecordRegistry.NewEntry memory next = what2();
        next.previous = NOTE;
        vm.expectPartialRevert(IRecordRegistry.RecordWrongPrevious.selector);
        publish(next, GRANT, DOCTOR);
        accept(NOTE);
        publish(next, GRANT, DOCTOR);
        equal(records.entry(next.contentHash).version, 2, "version");
        IRecordRegistry.NewEntry memory rival = next;
        rival.contentHash = keccak256("rival");
        publish(rival, GRANT, DOCTOR);
        bytes32 second = keccak256("other");
        accept(second);
        check(records.entry(NOTE).next == second, "superseded");
        endorse(100, rival.contentHash);
        endorse(101, rival.contentHash);
        vm.expectPartialRevert(IRecordRegistry.RecordSuperseded.selector);
        endorse(PATIENT, rival.contentHash);
        rival.contentHash = keccak256("third");
        vm.expectPartialRevert(IRecordRegistry.RecordSuperseded.selector);
        publish(rival, GRANT, DOCTOR);
        rival.kind = IRecordRegistry.Kind.Bill;
        rival.previous = second;
        vm.expectPartialRevert(IRecordRegistry.RecordWrongPrevious.selector);
        publish(rival, GRANT, DOCTOR);
    }

    function accept(bytes32 id) private {
        endorse(100, id);
        endorse(101, id);
        endorse(PATIENT, id);
    }

    function test_theAuthorTakesItBack() public {
        publish(note(), GRANT, DOCTOR);
        publish(what2(), GRANT, DOCTOR);
        vm.expectPartialRevert(IRecordRegistry.RecordNotAuthor.selector);
        records.withdraw(NOTE);
        vm.prank(vm.addr(DOCTOR));
        records.withdraw(NOTE);
        check(stateOf(NOTE) == IRecordRegistry.State.Withdrawn, "withdrawn");
        check(records.pending(SUBJECT)[0] == keccak256("other"), "the other waits on");
    }

    function test_atMost64Pending() public {
        IRecordRegistry.NewEntry memory what = note();
        for (uint256 i = 0; i < 64; i++) {
            what.contentHash = bytes32(i + 1);
            publish(what, GRANT, DOCTOR);
        }
        what.contentHash = bytes32(uint256(65));
        vm.expectPartialRevert(IRecordRegistry.RecordTooMany.selector);
        publish(what, GRANT, DOCTOR);
        vm.prank(vm.addr(DOCTOR));
        records.withdraw(bytes32(uint256(30)));
        publish(what, GRANT, DOCTOR);
    }

    function test_aMonthOfThePatientsOwnGatewayNeedsNoGrant() public {
        uint256 secret = 0x6A7E;
        IRecordRegistry.NewEntry memory what = note();
        (what.author, what.kind) = (vm.addr(secret), IRecordRegistry.Kind.Month);
        vm.expectPartialRevert(IRecordRegistry.RecordNotAllowed.selector);
        publish(what, 0, secret);
        enrol(0, vm.addr(secret), Role.Gateway, SUBJECT);
        publish(what, 0, secret);
        what.contentHash = keccak256("a note of a gateway");
        what.kind = IRecordRegistry.Kind.Note;
        vm.expectPartialRevert(IRecordRegistry.RecordNotAllowed.selector);
        publish(what, 0, secret);
        what.kind = IRecordRegistry.Kind.Month;
        what.subject = keccak256("another patient");
        vm.expectPartialRevert(IRecordRegistry.RecordNotAllowed.selector);
        publish(what, 0, secret);
    }

    function test_whoSupportsAPatient() public {
        (address[] memory list, uint8 needed, uint64 sequence) = records.supporters(SUBJECT);
        check(list.length == 3 && needed == 2 && sequence == 1, "as set");
        vm.expectPartialRevert(IRecordRegistry.RecordOldSequence.selector);
        support(3, 2, 1);
        vm.expectRevert(IRecordRegistry.RecordWrongSupporters.selector);
        support(3, 4, 2);
        vm.expectRevert(IRecordRegistry.RecordWrongSupporters.selector);
        support(3, 0, 2);
        address[] memory twice = sorted(2);
        twice[1] = twice[0];
        vm.expectRevert(IRecordRegistry.RecordWrongSupporters.selector);
        support(twice, 1, 2, PATIENT);
        address[] memory stranger = new address[](1);
        stranger[0] = address(0x99);
        vm.expectRevert(IRecordRegistry.RecordWrongSupporters.selector);
        support(stranger, 1, 2, PATIENT);
        address[] memory many = new address[](17);
        vm.expectRevert(IRecordRegistry.RecordWrongSupporters.selector);
        support(many, 1, 2, PATIENT);
        address[] memory fit = sorted(2);
        vm.expectPartialRevert(IRecordRegistry.RecordNotPatient.selector);
        support(fit, 1, 2, 0xBAD);
        check(keccak256(bytes(records.version())) == keccak256("1.0.0"), "version");
        check(address(records.consents()) == address(consents), "consents");
        check(address(records.consortium()) == address(consortium), "consortium");
    }

    function test_aPatientWithoutSupportersAcceptsNothing() public {
        bytes32 other = keccak256("no supporters");
        uint256 secret = 0xF00;
        enrol(0, vm.addr(secret), Role.PatientKey, other);
        uint256 gateway = 0x6A7E;
        enrol(0, vm.addr(gateway), Role.Gateway, other);
        IRecordRegistry.NewEntry memory what = note();
        (what.author, what.kind, what.subject) = (vm.addr(gateway), IRecordRegistry.Kind.Month, other);
        publish(what, 0, gateway);
        endorse(secret, NOTE);
        check(stateOf(NOTE) == IRecordRegistry.State.Pending, "nobody supports it yet");
    }
}
