// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ConsentRegistry} from "contracts/src/ConsentRegistry.sol";
import {IConsentRegistry} from "contracts/src/IConsentRegistry.sol";
import {IConsortium} from "contracts/src/IConsortium.sol";
import {IRecordRegistry} from "contracts/src/IRecordRegistry.sol";
import {Role} from "contracts/src/Role.sol";
import {Rfc9162} from "./AnchorRegistry.t.sol";
import {World} from "./World.sol";

/// @notice What each function costs as a transaction; the numbers are committed in contracts/gas/.
contract GasTest is World {
    uint256 private constant DOCTOR = 0xD0C;
    address private constant GATEWAY = address(0x22);
    bytes32[] private none;

    function cost(string memory group, string memory name) private {
        vm.snapshotGasLastCall(group, name);
    }

    function test_consortium() public {
        uint256 id = propose(0, admit(address(0x6), Role.Hospital, address(0x60)));
        cost("Consortium", "propose");
        approve(1, id);
        cost("Consortium", "approve");
        approve(2, id);
        cost("Consortium", "approve, the last");
        vm.warp(block.timestamp + DELAY);
        consortium.execute(id);
        cost("Consortium", "execute, admit with a validator");
        IConsortium.NewKey[] memory keys = new IConsortium.NewKey[](2);
        keys[0] = key(11, IConsortium.KeyUse.Signing);
        keys[1] = key(12, IConsortium.KeyUse.Encryption);
        vm.prank(hospitals[0]);
        consortium.enrol(GATEWAY, Role.Gateway, SUBJECT, keys);
        cost("Consortium", "enrol, a gateway with two keys");
        enrol(0, address(0x21), Role.Nurse, bytes32(0));
        cost("Consortium", "enrol, without keys");
        vm.prank(hospitals[0]);
        consortium.suspend(GATEWAY);
        cost("Consortium", "suspend");
        vm.prank(hospitals[0]);
        consortium.reinstate(GATEWAY);
        cost("Consortium", "reinstate");
        bytes32 keyId = sha256(abi.encodePacked(keys[0].x, keys[0].y));
        vm.prank(hospitals[0]);
        consortium.revokeKey(keyId);
        cost("Consortium", "revokeKey");
        vm.prank(GATEWAY);
        anchors.anchor(1, 0, keccak256("1"));
        vm.prank(hospitals[0]);
        consortium.retire(GATEWAY);
        cost("Consortium", "retire");
        enrol(0, address(0x23), Role.Gateway, SUBJECT);
        vm.prank(hospitals[0]);
        consortium.succeed(GATEWAY, address(0x23));
        cost("Consortium", "succeed");
    }

    function test_anchors() public {
        enrol(0, GATEWAY, Role.Gateway, SUBJECT);
        vm.prank(GATEWAY);
        anchors.anchor(1, 0, keccak256("1"));
        cost("AnchorRegistry", "anchor, the first");
        vm.prank(GATEWAY);
        anchors.anchor(2, keccak256("1"), keccak256("2"));
        cost("AnchorRegistry", "anchor");
        enrol(0, address(0x31), Role.Aggregator, bytes32(0));
        bytes32[] memory d = new bytes32[](1000);
        for (uint256 i = 0; i < d.length; i++) {
            d[i] = keccak256(abi.encode(i));
        }
        bytes32 root = Rfc9162.root(d, 0, 777);
        vm.prank(address(0x31));
        anchors.anchorLog(keccak256("log"), 777, root, none);
        cost("AnchorRegistry", "anchorLog, the first");
        bytes32[] memory proof = Rfc9162.consistency(777, d);
        root = Rfc9162.root(d);
        vm.prank(address(0x31));
        anchors.anchorLog(keccak256("log"), 1000, root, proof);
        cost("AnchorRegistry", "anchorLog, 777 to 1000 leaves");
        bytes32[] memory path = Rfc9162.path(500, d);
        anchors.isInLog(keccak256("log"), abi.encodePacked(d[500]), 500, path);
        cost("AnchorRegistry", "isInLog, of 1000 leaves");
    }

    function test_consents() public {
        enrol(1, vm.addr(DOCTOR), Role.Practitioner, bytes32(0));
        enrol(1, address(0x42), Role.Nurse, bytes32(0));
        vm.prank(vm.addr(DOCTOR));
        consents.request(keccak256("id"), termsFor(vm.addr(DOCTOR)));
        cost("ConsentRegistry", "request");
        grant(keccak256("id"), termsFor(vm.addr(DOCTOR)), 0);
        cost("ConsentRegistry", "grant");
        IConsentRegistry.Terms memory terms = termsFor(vm.addr(DOCTOR));
        terms.access = 1;
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes memory signature = termsSigned("Modification", PATIENT, keccak256("id"), terms, 1, deadline);
        consents.modify(keccak256("id"), terms, vm.addr(PATIENT), 1, deadline, signature);
        cost("ConsentRegistry", "modify");
        signature = revocation(PATIENT, keccak256("id"), SUBJECT);
        consents.revoke(keccak256("id"), SUBJECT, vm.addr(PATIENT), signature);
        cost("ConsentRegistry", "revoke");
        bytes32 typeHash = keccak256("Emergency(bytes32 subject,address hospital,bool allowed,uint64 sequence)");
        bytes32 hash = keccak256(abi.encode(typeHash, SUBJECT, hospitals[1], true, uint64(1)));
        signature = signed(PATIENT, consentsDomain, hash);
        consents.setEmergency(SUBJECT, hospitals[1], true, 1, vm.addr(PATIENT), signature);
        cost("ConsentRegistry", "setEmergency");
        vm.prank(vm.addr(DOCTOR));
        consents.declareEmergency(SUBJECT, hospitals[1], keccak256("reason"));
        cost("ConsentRegistry", "declareEmergency, the first person");
        vm.prank(address(0x42));
        consents.declareEmergency(SUBJECT, hospitals[1], keccak256("reason"));
        cost("ConsentRegistry", "declareEmergency, the second person");
    }

    function test_records() public {
        enrol(1, vm.addr(DOCTOR), Role.Practitioner, bytes32(0));
        grant(keccak256("grant"), termsFor(vm.addr(DOCTOR)), 0);
        support(5, 3, 1);
        cost("RecordRegistry", "setSupporters, three of five");
        IRecordRegistry.NewEntry memory what = IRecordRegistry.NewEntry(
            SUBJECT, vm.addr(DOCTOR), IRecordRegistry.Kind.Note, keccak256("a"), keccak256("place"), 0
        );
        publish(what, keccak256("grant"), DOCTOR);
        cost("RecordRegistry", "publish");
        endorse(100, what.contentHash);
        cost("RecordRegistry", "endorse, one");
        what.contentHash = keccak256("b");
        publish(what, keccak256("grant"), DOCTOR);
        IRecordRegistry.Vote[] memory votes = new IRecordRegistry.Vote[](4);
        for (uint256 i = 0; i < 3; i++) {
            votes[i] = vote(100 + i, what.contentHash);
        }
        votes[3] = vote(PATIENT, what.contentHash);
        records.endorse(what.contentHash, votes);
        cost("RecordRegistry", "endorse, three hospitals and the patient, accepted");
        what.contentHash = keccak256("c");
        publish(what, keccak256("grant"), DOCTOR);
        records.refuse(what.contentHash, REASON, refusal(PATIENT, what.contentHash));
        cost("RecordRegistry", "refuse");
    }
}
