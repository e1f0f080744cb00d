// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {AnchorRegistry} from "contracts/src/AnchorRegistry.sol";
import {ConsentRegistry} from "contracts/src/ConsentRegistry.sol";
import {Consortium} from "contracts/src/Consortium.sol";
import {IConsentRegistry} from "contracts/src/IConsentRegistry.sol";
import {IConsortium} from "contracts/src/IConsortium.sol";
import {IRecordRegistry} from "contracts/src/IRecordRegistry.sol";
import {RecordRegistry} from "contracts/src/RecordRegistry.sol";
import {Role} from "contracts/src/Role.sol";
import {Vm} from "./Vm.sol";

/// @notice Five hospitals with a validator each, and all contracts, as the published five-node system has them.
abstract contract World {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint48 internal constant DELAY = 1 days;
    uint48 internal constant EXPIRY = 14 days;
    bytes32 internal constant SUBJECT = keccak256("a pseudonym");
    uint256 internal constant PATIENT = 0xA11CE;
    uint32 internal constant TREATMENT = 1;
    uint16 internal constant REASON = 3;

    address[] internal hospitals;
    Consortium internal consortium;
    AnchorRegistry internal anchors;
    ConsentRegistry internal consents;
    RecordRegistry internal records;
    /// @dev Kept: to ask for it would be the call that a cheat code waits for.
    bytes32 internal consentsDomain;
    bytes32 internal recordsDomain;

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        address[] memory validators = new address[](5);
        for (uint256 i = 0; i < 5; i++) {
            hospitals.push(vm.addr(100 + i));
            validators[i] = vm.addr(200 + i);
        }
        consortium = new Consortium(hospitals, validators, DELAY, EXPIRY);
        anchors = new AnchorRegistry(address(consortium));
        vm.prank(hospitals[0]);
        consortium.takeRegistry(address(anchors));
        consents = new ConsentRegistry(consortium);
        records = new RecordRegistry(consortium, consents);
        (consentsDomain, recordsDomain) = (consents.DOMAIN_SEPARATOR(), records.DOMAIN_SEPARATOR());
        enrol(0, vm.addr(PATIENT), Role.PatientKey, SUBJECT);
    }

    // Votes

    function admit(address organisation, Role role, address validator)
        internal
        pure
        returns (IConsortium.Proposal memory)
    {
        return IConsortium.Proposal(IConsortium.Act.Admit, role, organisation, validator, address(0));
    }

    function act(IConsortium.Act what, address organisation, address validator)
        internal
        pure
        returns (IConsortium.Proposal memory)
    {
        return IConsortium.Proposal(what, Role.None, organisation, validator, address(0));
    }

    function propose(uint256 by, IConsortium.Proposal memory what) internal returns (uint256 id) {
        vm.prank(hospitals[by]);
        return consortium.propose(what);
    }

    function approve(uint256 by, uint256 id) internal {
        vm.prank(hospitals[by]);
        consortium.approve(id);
    }

    /// @dev Proposed by the first, approved by three, its delay over.
    function accepted(IConsortium.Proposal memory what) internal returns (uint256 id) {
        id = propose(0, what);
        approve(1, id);
        approve(2, id);
        vm.warp(block.timestamp + DELAY);
    }

    function carryOut(IConsortium.Proposal memory what) internal {
        consortium.execute(accepted(what));
    }

    // Accounts

    function enrol(uint256 by, address who, Role role, bytes32 subject) internal {
        vm.prank(hospitals[by]);
        consortium.enrol(who, role, subject, new IConsortium.NewKey[](0));
    }

    function key(uint256 secret, IConsortium.KeyUse use) internal view returns (IConsortium.NewKey memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(secret);
        return
            IConsortium.NewKey(use, uint48(block.timestamp), uint48(block.timestamp + 365 days), bytes32(x), bytes32(y));
    }

    // Signatures

    function signed(uint256 secret, bytes32 separator, bytes32 structHash) internal pure returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", separator, structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        return abi.encodePacked(r, s, v);
    }

    function termsFor(address grantee) internal view returns (IConsentRegistry.Terms memory) {
        return IConsentRegistry.Terms({
            subject: SUBJECT,
            grantee: grantee,
            dataClasses: type(uint32).max,
            access: 3,
            purposes: TREATMENT,
            notBefore: uint48(block.timestamp),
            notAfter: uint48(block.timestamp + 30 days),
            consentHash: keccak256("the words")
        });
    }

    string private constant TERMS =
        "Terms(bytes32 subject,address grantee,uint32 dataClasses,uint8 access,uint32 purposes,uint48 notBefore,uint48 notAfter,bytes32 consentHash)";

    /// @param what Grant or Modification
    function termsSigned(
        string memory what,
        uint256 secret,
        bytes32 id,
        IConsentRegistry.Terms memory terms,
        uint256 nonce,
        uint48 deadline
    ) internal view returns (bytes memory) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(what, "(bytes32 id,Terms terms,uint256 nonce,uint48 deadline)", TERMS)
        );
        bytes32 termsHash = keccak256(abi.encode(keccak256(bytes(TERMS)), terms));
        bytes32 hash = keccak256(abi.encode(typeHash, id, termsHash, nonce, deadline));
        return signed(secret, consentsDomain, hash);
    }

    function grant(bytes32 id, IConsentRegistry.Terms memory terms, uint256 nonce) internal {
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes memory signature = termsSigned("Grant", PATIENT, id, terms, nonce, deadline);
        consents.grant(id, terms, vm.addr(PATIENT), nonce, deadline, signature);
    }

    function revocation(uint256 secret, bytes32 id, bytes32 subject) internal view returns (bytes memory) {
        bytes32 hash = keccak256(abi.encode(keccak256("Revocation(bytes32 id,bytes32 subject)"), id, subject));
        return signed(secret, consentsDomain, hash);
    }

    // Records

    function sorted(uint256 n) internal view returns (address[] memory list) {
        list = new address[](n);
        for (uint256 i = 0; i < n; i++) {
            address one = hospitals[i];
            uint256 at = i;
            for (; at > 0 && list[at - 1] > one; at--) {
                list[at] = list[at - 1];
            }
            list[at] = one;
        }
    }

    function support(uint256 n, uint8 needed, uint64 sequence) internal {
        support(sorted(n), needed, sequence, PATIENT);
    }

    function support(address[] memory list, uint8 needed, uint64 sequence, uint256 secret) internal {
        bytes32 typeHash = keccak256("Supporters(bytes32 subject,address[] hospitals,uint8 needed,uint64 sequence)");
        bytes32 hash = keccak256(abi.encode(typeHash, SUBJECT, keccak256(abi.encodePacked(list)), needed, sequence));
        bytes memory signature = signed(secret, recordsDomain, hash);
        records.setSupporters(SUBJECT, list, needed, sequence, vm.addr(secret), signature);
    }

    function publish(IRecordRegistry.NewEntry memory what, bytes32 grantId, uint256 secret) internal {
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes32 typeHash = keccak256(
            "Entry(bytes32 subject,address author,uint8 kind,bytes32 contentHash,bytes32 locatorHash,bytes32 previous,bytes32 grantId,uint32 purpose,uint48 deadline)"
        );
        bytes32 hash = keccak256(abi.encode(typeHash, what, grantId, TREATMENT, deadline));
        bytes memory signature = signed(secret, recordsDomain, hash);
        records.publish(what, grantId, TREATMENT, deadline, signature);
    }

    function vote(uint256 secret, bytes32 id) internal view returns (IRecordRegistry.Vote memory) {
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes32 hash = keccak256(abi.encode(keccak256("Endorsement(bytes32 id,uint48 deadline)"), id, deadline));
        return IRecordRegistry.Vote(vm.addr(secret), deadline, signed(secret, recordsDomain, hash));
    }

    function refusal(uint256 secret, bytes32 id) internal view returns (IRecordRegistry.Vote memory) {
        uint48 deadline = uint48(block.timestamp + 1 hours);
        bytes32 typeHash = keccak256("Refusal(bytes32 id,uint16 reason,uint48 deadline)");
        bytes32 hash = keccak256(abi.encode(typeHash, id, REASON, deadline));
        return IRecordRegistry.Vote(vm.addr(secret), deadline, signed(secret, recordsDomain, hash));
    }

    function endorse(uint256 secret, bytes32 id) internal {
        IRecordRegistry.Vote[] memory one = new IRecordRegistry.Vote[](1);
        one[0] = vote(secret, id);
        records.endorse(id, one);
    }

    // Asserts

    error NotSo(string what);

    function check(bool so, string memory what) internal pure {
        if (!so) revert NotSo(what);
    }

    function equal(uint256 a, uint256 b, string memory what) internal pure {
        check(a == b, string.concat(what, ": ", vm.toString(a), " is not ", vm.toString(b)));
    }
}
