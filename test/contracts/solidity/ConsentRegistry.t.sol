// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IConsentRegistry} from "contracts/src/IConsentRegistry.sol";
import {IConsortium} from "contracts/src/IConsortium.sol";
import {Relayed} from "contracts/src/Relayed.sol";
import {Role} from "contracts/src/Role.sol";
import {World} from "./World.sol";

/// @notice A guardian's account: it lets one key sign. Or it is broken.
contract Guardian {
    bytes32 public allowed;
    bool public broken;

    function allow(bytes32 signatureHash) external {
        allowed = signatureHash;
    }

    function breakDown() external {
        broken = true;
    }

    function isValidSignature(bytes32, bytes calldata signature) external view returns (bytes4) {
        require(!broken, "broken");
        return keccak256(signature) == allowed ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

contract ConsentRegistryTest is World {
    bytes32 private constant ID = keccak256("salted");
    address private doctor = address(0x41);
    address private second = address(0x42);

    function setUp() public override {
        super.setUp();
        enrol(1, doctor, Role.Practitioner, bytes32(0));
        enrol(1, second, Role.Nurse, bytes32(0));
    }

    function covered(address who) private view returns (bool) {
        return consents.covers(ID, SUBJECT, who, 1, 1, TREATMENT);
    }

    function test_aGrantCoversWhatItSaysWhileItLasts() public {
        check(!covered(doctor), "before");
        IConsentRegistry.Terms memory terms = termsFor(doctor);
        (terms.dataClasses, terms.access, terms.purposes) = (6, 1, 3);
        terms.notBefore += 100;
        grant(ID, terms, 0);
        check(!consents.isLive(ID), "not before");
        vm.warp(terms.notBefore);
        check(consents.covers(ID, SUBJECT, doctor, 2, 1, 1), "a part");
        check(consents.covers(ID, SUBJECT, doctor, 6, 1, 3), "all");
        check(!consents.covers(ID, SUBJECT, doctor, 1, 1, 1), "another class");
        check(!consents.covers(ID, SUBJECT, doctor, 7, 1, 1), "more classes");
        check(!consents.covers(ID, SUBJECT, doctor, 2, 2, 1), "write");
        check(!consents.covers(ID, SUBJECT, doctor, 2, 1, 4), "another purpose");
        check(!consents.covers(ID, SUBJECT, doctor, 0, 1, 1), "nothing asked");
        check(!consents.covers(ID, SUBJECT, doctor, 2, 0, 1), "no access asked");
        check(!consents.covers(ID, SUBJECT, doctor, 2, 1, 0), "no purpose");
        check(!consents.covers(ID, keccak256("x"), doctor, 2, 1, 1), "another patient");
        check(!consents.covers(ID, SUBJECT, second, 2, 1, 1), "another person");
        vm.warp(terms.notAfter);
        check(consents.isLive(ID), "its last second");
        vm.warp(uint256(terms.notAfter) + 1);
        check(!consents.isLive(ID), "over");
        (IConsentRegistry.Terms memory kept, IConsentRegistry.Status status) = consents.grantOf(ID);
        check(kept.grantee == doctor && status == IConsentRegistry.Status.Granted, "readable");
        (, status) = consents.grantOf(keccak256("none"));
        check(status == IConsentRegistry.Status.None, "none");
    }

    function test_aGrantToAHospitalIsForItsPeople() public {
        grant(ID, termsFor(hospitals[1]), 0);
        check(covered(hospitals[1]) && covered(doctor) && covered(second), "its people");
        check(!covered(hospitals[0]), "another hospital");
        vm.prank(hospitals[1]);
        consortium.suspend(doctor);
        check(!covered(doctor) && covered(second), "not who is suspended");
    }

    function test_aGrantToSomebodyUnknownCoversNobody() public {
        grant(ID, termsFor(address(0x99)), 0);
        check(!covered(address(0x99)), "unknown");
    }

    function test_anIdIsUsedOnceAndANonceToo() public {
        grant(ID, termsFor(doctor), 7);
        IConsentRegistry.Terms memory terms = termsFor(doctor);
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes memory signature = termsSigned("Grant", PATIENT, ID, terms, 8, deadline);
        vm.expectPartialRevert(IConsentRegistry.ConsentUsed.selector);
        consents.grant(ID, terms, vm.addr(PATIENT), 8, deadline, signature);
        bytes32 other = keccak256("other");
        signature = termsSigned("Grant", PATIENT, other, terms, 7, deadline);
        vm.expectPartialRevert(Relayed.RelayedNonceUsed.selector);
        consents.grant(other, terms, vm.addr(PATIENT), 7, deadline, signature);
        check(consents.isNonceUsed(vm.addr(PATIENT), 7) && !consents.isNonceUsed(vm.addr(PATIENT), 8), "nonces");
        signature = termsSigned("Grant", PATIENT, other, terms, 3, deadline);
        vm.warp(uint256(deadline) + 1);
        vm.expectPartialRevert(Relayed.RelayedExpired.selector);
        consents.grant(other, terms, vm.addr(PATIENT), 3, deadline, signature);
    }

    function test_onlyThePatientGrants() public {
        IConsentRegistry.Terms memory terms = termsFor(doctor);
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes memory signature = termsSigned("Grant", 0xBAD, ID, terms, 0, deadline);
        vm.expectPartialRevert(Relayed.RelayedWrongSignature.selector);
        consents.grant(ID, terms, vm.addr(PATIENT), 0, deadline, signature);
        vm.expectPartialRevert(IConsentRegistry.ConsentNotPatient.selector);
        consents.grant(ID, terms, vm.addr(0xBAD), 0, deadline, signature);
        signature = termsSigned("Modification", PATIENT, ID, terms, 0, deadline);
        vm.expectPartialRevert(Relayed.RelayedWrongSignature.selector);
        consents.grant(ID, terms, vm.addr(PATIENT), 0, deadline, signature);
    }

    function testFuzz_theSignatureCoversEveryTerm(uint8 which, uint32 change) public {
        vm.assume(change != 0);
        IConsentRegistry.Terms memory terms = termsFor(doctor);
        terms.dataClasses = 1 << 31;
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes memory signature = termsSigned("Grant", PATIENT, ID, terms, 0, deadline);
        if (which % 5 == 0) terms.grantee = address(uint160(change) + 0x10000);
        else if (which % 5 == 1) terms.dataClasses ^= change;
        else if (which % 5 == 2) terms.notAfter += change;
        else if (which % 5 == 3) terms.purposes ^= change;
        else terms.consentHash = bytes32(uint256(change));
        vm.expectRevert();
        consents.grant(ID, terms, vm.addr(PATIENT), 0, deadline, signature);
    }

    function test_termsThatAreNone() public {
        for (uint256 i = 0; i < 7; i++) {
            IConsentRegistry.Terms memory terms = termsFor(doctor);
            if (i == 0) terms.grantee = address(0);
            if (i == 1) terms.dataClasses = 0;
            if (i == 2) terms.access = 0;
            if (i == 3) terms.access = 4;
            if (i == 4) terms.purposes = 0;
            if (i == 5) terms.notAfter = terms.notBefore - 1;
            if (i == 6) terms.notAfter = type(uint48).max;
            uint48 deadline = uint48(block.timestamp + 1 hours);
            bytes memory signature = termsSigned("Grant", PATIENT, ID, terms, 0, deadline);
            vm.expectPartialRevert(IConsentRegistry.ConsentWrongTerms.selector);
            consents.grant(ID, terms, vm.addr(PATIENT), 0, deadline, signature);
        }
    }

    function test_termsAreModifiedButNotForAnother() public {
        grant(ID, termsFor(doctor), 0);
        IConsentRegistry.Terms memory terms = termsFor(doctor);
        terms.access = 1;
        modify(terms, 1);
        check(!consents.covers(ID, SUBJECT, doctor, 1, 2, TREATMENT), "less");
        terms.grantee = second;
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes memory signature = termsSigned("Modification", PATIENT, ID, terms, 2, deadline);
        vm.expectPartialRevert(IConsentRegistry.ConsentWrongSubject.selector);
        consents.modify(ID, terms, vm.addr(PATIENT), 2, deadline, signature);
        vm.expectPartialRevert(IConsentRegistry.ConsentNotGranted.selector);
        consents.modify(keccak256("none"), terms, vm.addr(PATIENT), 2, deadline, signature);
        consents.revoke(ID, SUBJECT, vm.addr(PATIENT), revocation(PATIENT, ID, SUBJECT));
        vm.expectPartialRevert(IConsentRegistry.ConsentNotGranted.selector);
        consents.modify(ID, terms, vm.addr(PATIENT), 2, deadline, signature);
    }

    function modify(IConsentRegistry.Terms memory terms, uint256 nonce) private {
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes memory signature = termsSigned("Modification", PATIENT, ID, terms, nonce, deadline);
        consents.modify(ID, terms, vm.addr(PATIENT), nonce, deadline, signature);
    }

    function test_aRevocationIsFinalAndMayComeTwiceAndBeforeTheGrant() public {
        bytes memory signature = revocation(PATIENT, ID, SUBJECT);
        consents.revoke(ID, SUBJECT, vm.addr(PATIENT), signature);
        consents.revoke(ID, SUBJECT, vm.addr(PATIENT), signature);
        check(consents.isRevoked(ID, SUBJECT), "revoked");
        IConsentRegistry.Terms memory terms = termsFor(doctor);
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes memory late = termsSigned("Grant", PATIENT, ID, terms, 0, deadline);
        vm.expectPartialRevert(IConsentRegistry.ConsentUsed.selector);
        consents.grant(ID, terms, vm.addr(PATIENT), 0, deadline, late);
    }

    function test_aRevocationEndsAGrantAlsoByAKeyThatWasRetired() public {
        grant(ID, termsFor(doctor), 0);
        vm.prank(hospitals[0]);
        consortium.retire(vm.addr(PATIENT));
        vm.warp(block.timestamp + 20 days);
        consents.revoke(ID, SUBJECT, vm.addr(PATIENT), revocation(PATIENT, ID, SUBJECT));
        check(!consents.isLive(ID), "ended");
        (, IConsentRegistry.Status status) = consents.grantOf(ID);
        check(status == IConsentRegistry.Status.Revoked, "status");
    }

    function test_nobodyElseRevokes() public {
        grant(ID, termsFor(doctor), 0);
        bytes memory signature = revocation(0xBAD, ID, SUBJECT);
        vm.expectPartialRevert(Relayed.RelayedWrongSignature.selector);
        consents.revoke(ID, SUBJECT, vm.addr(PATIENT), signature);
        vm.expectPartialRevert(IConsentRegistry.ConsentNotPatient.selector);
        consents.revoke(ID, SUBJECT, vm.addr(0xBAD), signature);
        // Another patient's word about this id is about another subject.
        bytes32 theirs = keccak256("theirs");
        enrol(0, vm.addr(0xB0B), Role.PatientKey, theirs);
        consents.revoke(ID, theirs, vm.addr(0xB0B), revocation(0xB0B, ID, theirs));
        check(consents.isLive(ID), "still alive");
    }

    function test_aGuardianSignsByContract() public {
        Guardian guardian = new Guardian();
        enrol(0, address(guardian), Role.PatientKey, SUBJECT);
        bytes memory signature = "by whatever rule the guardian's account has";
        vm.expectPartialRevert(Relayed.RelayedWrongSignature.selector);
        consents.revoke(ID, SUBJECT, address(guardian), signature);
        guardian.allow(keccak256(signature));
        consents.revoke(ID, SUBJECT, address(guardian), signature);
        guardian.breakDown();
        vm.expectPartialRevert(Relayed.RelayedWrongSignature.selector);
        consents.revoke(keccak256("x"), SUBJECT, address(guardian), signature);
    }

    function test_requests() public {
        vm.prank(doctor);
        consents.request(ID, termsFor(doctor));
        vm.prank(doctor);
        consents.request(ID, termsFor(hospitals[1]));
        vm.prank(doctor);
        vm.expectPartialRevert(IConsentRegistry.ConsentUnknownAsker.selector);
        consents.request(ID, termsFor(hospitals[0]));
        vm.prank(address(0x99));
        vm.expectPartialRevert(IConsentRegistry.ConsentUnknownAsker.selector);
        consents.request(ID, termsFor(address(0x99)));
        check(!consents.isLive(ID), "asking gives nothing");
    }

    // Emergencies

    function setEmergency(uint256 secret, bool allowed, uint64 sequence) private {
        bytes32 typeHash = keccak256("Emergency(bytes32 subject,address hospital,bool allowed,uint64 sequence)");
        bytes32 hash = keccak256(abi.encode(typeHash, SUBJECT, hospitals[1], allowed, sequence));
        bytes memory signature = signed(secret, consentsDomain, hash);
        consents.setEmergency(SUBJECT, hospitals[1], allowed, sequence, vm.addr(PATIENT), signature);
    }

    function declare(address who) private {
        vm.prank(who);
        consents.declareEmergency(SUBJECT, hospitals[1], keccak256("reason"));
    }

    function open(address who) private view returns (bool) {
        (, uint48 until) = consents.emergency(SUBJECT, who, hospitals[1]);
        return until != 0;
    }

    function test_twoPeopleOpenAnEmergencyForFourHours() public {
        vm.expectPartialRevert(IConsentRegistry.ConsentNotAllowed.selector);
        declare(doctor);
        setEmergency(PATIENT, true, 1);
        declare(doctor);
        check(!open(doctor), "not by one");
        vm.expectPartialRevert(IConsentRegistry.ConsentSamePerson.selector);
        declare(doctor);
        vm.expectPartialRevert(IConsentRegistry.ConsentNotOfHospital.selector);
        declare(hospitals[1]);
        vm.expectPartialRevert(IConsentRegistry.ConsentNotOfHospital.selector);
        declare(address(0x99));
        declare(second);
        (uint48 dataFrom, uint48 until) = consents.emergency(SUBJECT, doctor, hospitals[1]);
        equal(until, block.timestamp + 4 hours, "until");
        equal(dataFrom, block.timestamp - 48 hours, "from");
        check(!open(address(0x99)), "nobody else");
        vm.warp(block.timestamp + 4 hours);
        check(open(second), "its last second");
        vm.warp(block.timestamp + 1);
        check(!open(second), "over");
    }

    function test_aLateConfirmationIsAFirstDeclaration() public {
        setEmergency(PATIENT, true, 1);
        declare(doctor);
        vm.warp(block.timestamp + 15 minutes + 1);
        declare(second);
        check(!open(doctor), "too late");
        vm.prank(hospitals[1]);
        consortium.suspend(second);
        declare(doctor);
        check(!open(doctor), "with somebody suspended");
    }

    function test_thePatientSwitchesItOff() public {
        setEmergency(PATIENT, true, 1);
        declare(doctor);
        declare(second);
        check(open(doctor), "open");
        vm.prank(hospitals[0]);
        consortium.retire(vm.addr(PATIENT));
        setEmergency(PATIENT, false, 2);
        check(!open(doctor), "ended at once");
        (bool allowed, uint64 sequence) = consents.emergencyAllowed(SUBJECT, hospitals[1]);
        check(!allowed && sequence == 2, "off");
        vm.expectPartialRevert(IConsentRegistry.ConsentOldSequence.selector);
        setEmergency(PATIENT, false, 2);
        vm.expectPartialRevert(IConsentRegistry.ConsentNotPatient.selector);
        setEmergency(PATIENT, true, 3);
        vm.expectPartialRevert(Relayed.RelayedWrongSignature.selector);
        setEmergency(0xBAD, false, 3);
        check(keccak256(bytes(consents.version())) == keccak256("1.0.0"), "version");
        check(consents.consortium() == IConsortium(address(consortium)), "consortium");
    }
}
