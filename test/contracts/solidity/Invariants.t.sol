// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IConsentRegistry} from "contracts/src/IConsentRegistry.sol";
import {IConsortium} from "contracts/src/IConsortium.sol";
import {IRecordRegistry} from "contracts/src/IRecordRegistry.sol";
import {Role} from "contracts/src/Role.sol";
import {World} from "./World.sol";

/// @notice Everybody does anything in any order; what is refused is refused. It notes what must never be undone.
contract Crowd is World {
    address[] public gateways;
    mapping(address => uint64) public highest;
    bytes32[] public revoked;
    bytes32[] public granted;
    mapping(bytes32 => uint48) public endsAt;
    bytes32[] public entries;
    mapping(bytes32 => mapping(address => uint256)) public endorsements;
    uint256 private nonces;
    uint256 private validatorsMade = 500;
    uint256 private accountsMade = 5000;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 3; i++) {
            gateways.push(vm.addr(700 + i));
            enrol(i, gateways[i], Role.Gateway, SUBJECT);
        }
        enrol(0, vm.addr(0xD0C), Role.Practitioner, bytes32(0));
        support(3, 2, 1);
    }

    function proposeAny(uint8 by, uint8 kind, uint8 whom, bool withValidator) external {
        IConsortium.Act what = IConsortium.Act(kind % 5);
        address validator = withValidator ? vm.addr(++validatorsMade) : address(0);
        address subject = hospitals[whom % hospitals.length];
        if (what == IConsortium.Act.Admit) subject = vm.addr(++accountsMade);
        IConsortium.Proposal memory made =
            IConsortium.Proposal(what, Role.Hospital, subject, validator, hospitals[by % hospitals.length]);
        vm.prank(hospitals[by % hospitals.length]);
        try consortium.propose(made) returns (uint256) {
            if (what == IConsortium.Act.Admit && hospitals.length < 12) hospitals.push(subject);
        } catch {}
    }

    /// @dev A whole vote at once: by single steps few come to their end.
    function carryOutAny(uint8 kind, uint8 whom, bool withValidator) external {
        IConsortium.Act what = IConsortium.Act(1 + (kind % 4));
        address subject = hospitals[whom % hospitals.length];
        address validator = withValidator ? vm.addr(++validatorsMade) : address(0);
        for (uint256 i = 0; i < hospitals.length; i++) {
            vm.prank(hospitals[i]);
            try consortium.propose(IConsortium.Proposal(what, Role.None, subject, validator, hospitals[0])) returns (
                uint256 id
            ) {
                for (uint256 j = 0; j < hospitals.length; j++) {
                    vm.prank(hospitals[j]);
                    try consortium.approve(id) {} catch {}
                }
                vm.warp(block.timestamp + DELAY);
                try consortium.execute(id) {} catch {}
                return;
            } catch {}
        }
    }

    function approveAny(uint8 by, uint8 id) external {
        vm.prank(hospitals[by % hospitals.length]);
        try consortium.approve(1 + (id % 40)) {} catch {}
    }

    function approveByAll(uint8 id) external {
        for (uint256 i = 0; i < hospitals.length; i++) {
            vm.prank(hospitals[i]);
            try consortium.approve(1 + (id % 40)) {} catch {}
        }
    }

    function executeAny(uint8 id) external {
        try consortium.execute(1 + (id % 40)) {} catch {}
    }

    function wait(uint32 time) external {
        vm.warp(block.timestamp + (time % 3 days));
    }

    function anchorAny(uint8 which, uint64 number, bytes32 previous, bool right, bytes32 root) external {
        address gateway = gateways[which % 3];
        if (right) (number, previous) = (anchors.head(gateway).number + 1, anchors.head(gateway).root);
        vm.prank(gateway);
        try anchors.anchor(number, previous, root) {
            highest[gateway] = number;
        } catch {}
    }

    function suspendAny(uint8 which, bool back) external {
        vm.prank(hospitals[which % 3]);
        address gateway = gateways[which % 3];
        if (back) {
            try consortium.reinstate(gateway) {} catch {}
        } else {
            try consortium.suspend(gateway) {} catch {}
        }
    }

    function grantAny(uint8 which, uint32 lasts) external {
        bytes32 id = keccak256(abi.encode(which % 64));
        IConsentRegistry.Terms memory terms = termsFor(vm.addr(0xD0C));
        terms.notAfter = uint48(block.timestamp + lasts);
        uint48 deadline = uint48(block.timestamp + 1);
        bytes memory signature = termsSigned("Grant", PATIENT, id, terms, ++nonces, deadline);
        try consents.grant(id, terms, vm.addr(PATIENT), nonces, deadline, signature) {
            granted.push(id);
            endsAt[id] = terms.notAfter;
        } catch {}
    }

    function modifyAny(uint8 which, uint32 lasts) external {
        if (granted.length == 0) return;
        bytes32 id = granted[which % granted.length];
        IConsentRegistry.Terms memory terms = termsFor(vm.addr(0xD0C));
        terms.notAfter = uint48(block.timestamp + lasts);
        uint48 deadline = uint48(block.timestamp + 1);
        bytes memory signature = termsSigned("Modification", PATIENT, id, terms, ++nonces, deadline);
        try consents.modify(id, terms, vm.addr(PATIENT), nonces, deadline, signature) {
            endsAt[id] = terms.notAfter;
        } catch {}
    }

    function revokeAny(uint8 which) external {
        bytes32 id = keccak256(abi.encode(which % 64));
        consents.revoke(id, SUBJECT, vm.addr(PATIENT), revocation(PATIENT, id, SUBJECT));
        revoked.push(id);
    }

    function publishAny(uint8 which, bytes32 content) external {
        IRecordRegistry.NewEntry memory made = IRecordRegistry.NewEntry(
            SUBJECT, gateways[which % 3], IRecordRegistry.Kind.Month, content, keccak256("place"), 0
        );
        try this.publishFor(made, 700 + (which % 3)) {
            entries.push(content);
        } catch {}
    }

    function publishFor(IRecordRegistry.NewEntry memory made, uint256 secret) external {
        publish(made, 0, secret);
    }

    function endorseAny(uint8 which, uint8 by) external {
        if (entries.length == 0) return;
        bytes32 id = entries[which % entries.length];
        uint256 secret = by % 4 == 3 ? PATIENT : 100 + (by % 4);
        IRecordRegistry.Vote[] memory votes = new IRecordRegistry.Vote[](1);
        votes[0] = vote(secret, id);
        try records.endorse(id, votes) {
            endorsements[id][vm.addr(secret)]++;
        } catch {}
    }

    // What must hold

    function checkValidators() external view {
        address[] memory list = consortium.getValidators();
        check(list.length >= 4 && list.length <= 64, "floor and bound");
        for (uint256 i = 0; i < list.length; i++) {
            check(list[i] != address(0), "nobody");
            for (uint256 j = 0; j < i; j++) {
                check(list[i] != list[j], "twice");
            }
        }
        address[] memory members = consortium.members();
        uint256 theirs = 0;
        for (uint256 i = 0; i < members.length; i++) {
            if (consortium.validatorOf(members[i]) != address(0)) theirs++;
        }
        equal(theirs, list.length, "each validator is a member's");
    }

    function checkHeads() external view {
        for (uint256 i = 0; i < 3; i++) {
            equal(anchors.head(gateways[i]).number, highest[gateways[i]], "head");
        }
    }

    function checkGrants() external view {
        for (uint256 i = 0; i < granted.length; i++) {
            check(!consents.isLive(granted[i]) || block.timestamp <= endsAt[granted[i]], "beyond its end");
        }
        for (uint256 i = 0; i < revoked.length; i++) {
            check(!consents.isLive(revoked[i]), "revoked and alive");
        }
    }

    function checkEntries() external view {
        for (uint256 i = 0; i < entries.length; i++) {
            bytes32 id = entries[i];
            uint256 hospitalsFor = 0;
            for (uint256 h = 0; h < 3; h++) {
                check(endorsements[id][hospitals[h]] <= 1, "counted twice");
                hospitalsFor += endorsements[id][hospitals[h]];
            }
            bool accepted = records.entry(id).state == IRecordRegistry.State.Accepted;
            check(!accepted || (hospitalsFor >= 2 && endorsements[id][vm.addr(PATIENT)] == 1), "without its quorum");
        }
    }
}

contract InvariantsTest {
    Crowd private crowd;

    function setUp() public {
        crowd = new Crowd();
        crowd.setUp();
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(crowd);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory list) {
        bytes4[] memory acts = new bytes4[](13);
        acts[0] = Crowd.proposeAny.selector;
        acts[1] = Crowd.approveAny.selector;
        acts[2] = Crowd.approveByAll.selector;
        acts[3] = Crowd.executeAny.selector;
        acts[4] = Crowd.wait.selector;
        acts[5] = Crowd.anchorAny.selector;
        acts[6] = Crowd.suspendAny.selector;
        acts[7] = Crowd.grantAny.selector;
        acts[8] = Crowd.modifyAny.selector;
        acts[9] = Crowd.revokeAny.selector;
        acts[10] = Crowd.publishAny.selector;
        acts[11] = Crowd.endorseAny.selector;
        acts[12] = Crowd.carryOutAny.selector;
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(address(crowd), acts);
    }

    function invariant_validatorsNeverUnderTheFloor() public view {
        crowd.checkValidators();
    }

    function invariant_aHeadNeverGoesBack() public view {
        crowd.checkHeads();
    }

    function invariant_noGrantBeyondItsEndAndNoneAliveAgain() public view {
        crowd.checkGrants();
    }

    function invariant_aQuorumIsNeverCountedTwice() public view {
        crowd.checkEntries();
    }
}
