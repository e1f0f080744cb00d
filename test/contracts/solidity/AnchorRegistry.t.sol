// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {AnchorRegistry} from "contracts/src/AnchorRegistry.sol";
import {IAnchorRegistry} from "contracts/src/IAnchorRegistry.sol";
import {MerkleLog} from "contracts/src/MerkleLog.sol";
import {Role} from "contracts/src/Role.sol";
import {World} from "./World.sol";

/// @notice RFC 9162, 2.1, word by word and recursive: what the proofs on the chain are judged by.
library Rfc9162 {
    function leafHash(bytes32 leaf) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0), leaf));
    }

    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        return root(leaves, 0, leaves.length);
    }

    function root(bytes32[] memory d, uint256 from, uint256 to) internal pure returns (bytes32) {
        if (to == from) return sha256("");
        if (to - from == 1) return leafHash(d[from]);
        uint256 k = split(to - from);
        return sha256(abi.encodePacked(bytes1(0x01), root(d, from, from + k), root(d, from + k, to)));
    }

    function path(uint256 m, bytes32[] memory d) internal pure returns (bytes32[] memory) {
        return path(m, d, 0, d.length);
    }

    function path(uint256 m, bytes32[] memory d, uint256 from, uint256 to) internal pure returns (bytes32[] memory) {
        if (to - from == 1) return new bytes32[](0);
        uint256 k = split(to - from);
        if (m < k) return append(path(m, d, from, from + k), root(d, from + k, to));
        return append(path(m - k, d, from + k, to), root(d, from, from + k));
    }

    function consistency(uint256 m, bytes32[] memory d) internal pure returns (bytes32[] memory) {
        if (m == 0 || m == d.length) return new bytes32[](0);
        return subproof(m, d, 0, d.length, true);
    }

    function subproof(uint256 m, bytes32[] memory d, uint256 from, uint256 to, bool b)
        internal
        pure
        returns (bytes32[] memory)
    {
        uint256 n = to - from;
        if (m == n) return b ? new bytes32[](0) : append(new bytes32[](0), root(d, from, to));
        uint256 k = split(n);
        if (m <= k) return append(subproof(m, d, from, from + k, b), root(d, from + k, to));
        return append(subproof(m - k, d, from + k, to, false), root(d, from, from + k));
    }

    function split(uint256 n) internal pure returns (uint256 k) {
        k = 1;
        while (k * 2 < n) k *= 2;
    }

    function append(bytes32[] memory list, bytes32 one) internal pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; i++) {
            longer[i] = list[i];
        }
        longer[list.length] = one;
    }
}

contract AnchorRegistryTest is World {
    address private constant AGGREGATOR = address(0x31);
    bytes32 private constant ORIGIN = keccak256("log.example");
    bytes32[] private none;

    function setUp() public override {
        super.setUp();
        enrol(0, AGGREGATOR, Role.Aggregator, bytes32(0));
    }

    function leaves(uint256 n) private pure returns (bytes32[] memory d) {
        d = new bytes32[](n);
        for (uint256 i = 0; i < n; i++) {
            d[i] = keccak256(abi.encode(i));
        }
    }

    function firstOf(bytes32[] memory d, uint256 n) private pure returns (bytes32[] memory part) {
        part = new bytes32[](n);
        for (uint256 i = 0; i < n; i++) {
            part[i] = d[i];
        }
    }

    function anchorLog(bytes32[] memory d, bytes32[] memory proof) private {
        bytes32 root = Rfc9162.root(d);
        vm.prank(AGGREGATOR);
        anchors.anchorLog(ORIGIN, uint64(d.length), root, proof);
    }

    function refused(bytes32[] memory d, bytes32[] memory proof) private {
        bytes32 root = Rfc9162.root(d);
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNotConsistent.selector);
        vm.prank(AGGREGATOR);
        anchors.anchorLog(ORIGIN, uint64(d.length), root, proof);
    }

    function testFuzz_aLogGrowsByAnyConsistencyProof(uint8 m, uint8 n) public {
        vm.assume(m > 0 && m <= n && n <= 70);
        bytes32[] memory d = leaves(n);
        anchorLog(firstOf(d, m), none);
        anchorLog(d, Rfc9162.consistency(m, d));
        IAnchorRegistry.LogHead memory head = anchors.logHead(ORIGIN);
        check(head.root == Rfc9162.root(d) && head.size == n, "head");
        check(head.aggregator == AGGREGATOR && head.time == block.timestamp, "whose, when");
    }

    function testFuzz_aForkedLogIsRefused(uint8 m, uint8 n, uint8 changed, bytes32 other) public {
        vm.assume(m > 0 && m < n && n <= 70 && changed < m);
        bytes32[] memory d = leaves(n);
        vm.assume(other != d[changed]);
        anchorLog(firstOf(d, m), none);
        d[changed] = other;
        bytes32[] memory proof = Rfc9162.consistency(m, d);
        refused(d, proof);
    }

    function testFuzz_anAlteredProofIsRefused(uint8 m, uint8 n, uint8 where, bytes32 other) public {
        vm.assume(m > 0 && m < n && n <= 70);
        bytes32[] memory d = leaves(n);
        anchorLog(firstOf(d, m), none);
        bytes32[] memory proof = Rfc9162.consistency(m, d);
        uint256 i = where % proof.length;
        vm.assume(proof[i] != other);
        bytes32 right = proof[i];
        proof[i] = other;
        refused(d, proof);
        proof[i] = right;
        bytes32[] memory longer = Rfc9162.append(proof, other);
        refused(d, longer);
        refused(d, none);
    }

    function test_aLogNeverShrinksAndIsNeverEmpty() public {
        bytes32[] memory d = leaves(5);
        anchorLog(d, none);
        anchorLog(d, none);
        bytes32[] memory four = firstOf(d, 4);
        refused(four, none);
        d[0] = 0;
        refused(d, none);
        vm.startPrank(AGGREGATOR);
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNotConsistent.selector);
        anchors.anchorLog(keccak256("another"), 0, keccak256("x"), none);
        vm.expectRevert(IAnchorRegistry.AnchorRegistryZeroRoot.selector);
        anchors.anchorLog(keccak256("another"), 1, 0, none);
        vm.stopPrank();
    }

    function test_anOriginIsOneAggregators() public {
        bytes32[] memory d = leaves(3);
        bytes32 root = Rfc9162.root(d);
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNotAggregator.selector);
        anchors.anchorLog(ORIGIN, 3, root, none);
        anchorLog(d, none);
        enrol(1, address(0x32), Role.Aggregator, bytes32(0));
        vm.prank(address(0x32));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryWrongOrigin.selector);
        anchors.anchorLog(ORIGIN, 3, root, none);
        vm.prank(hospitals[0]);
        consortium.retire(AGGREGATOR);
        vm.prank(AGGREGATOR);
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNotAggregator.selector);
        anchors.anchorLog(ORIGIN, 3, root, none);
        // A registry whose registrar is a person's account has no aggregators.
        AnchorRegistry alone = new AnchorRegistry(vm.addr(9));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNotAggregator.selector);
        alone.anchorLog(ORIGIN, 3, root, none);
    }

    function testFuzz_inclusionIsVerified(uint8 n, uint8 index, bytes32 other) public {
        vm.assume(n > 0 && n <= 70 && index < n);
        bytes32[] memory d = leaves(n);
        vm.assume(other != d[index]);
        bytes32[] memory path = Rfc9162.path(index, d);
        anchorLog(d, none);
        check(anchors.isInLog(ORIGIN, abi.encodePacked(d[index]), index, path), "there");
        check(!anchors.isInLog(ORIGIN, abi.encodePacked(other), index, path), "another leaf");
        check(!anchors.isInLog(ORIGIN, abi.encodePacked(d[index]), uint64(index) + n, path), "beyond");
        check(!anchors.isInLog(keccak256("x"), abi.encodePacked(d[index]), index, path), "another log");
        check(!anchors.isInLog(ORIGIN, abi.encodePacked(d[index]), index, Rfc9162.append(path, other)), "longer");
        check(anchors.isInBatch(Rfc9162.root(d), n, abi.encodePacked(d[index]), index, path), "in a batch");
        check(!anchors.isInBatch(other, n, abi.encodePacked(d[index]), index, path), "in another batch");
    }

    function test_aNodeIsNoLeaf() public view {
        bytes32[] memory d = leaves(2);
        bytes32 root = Rfc9162.root(d);
        bytes memory node = abi.encodePacked(Rfc9162.leafHash(d[0]), Rfc9162.leafHash(d[1]));
        check(!anchors.isInBatch(root, 1, node, 0, none), "second preimage");
        check(MerkleLog.hashChildren(Rfc9162.leafHash(d[0]), Rfc9162.leafHash(d[1])) == root, "children");
    }

    function test_anchorsInOrder() public {
        address gateway = address(0x22);
        vm.prank(gateway);
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNotEnrolled.selector);
        anchors.anchor(1, 0, keccak256("1"));
        enrol(0, gateway, Role.Gateway, SUBJECT);
        vm.startPrank(gateway);
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryWrongNumber.selector);
        anchors.anchor(0, 0, keccak256("1"));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryWrongPreviousRoot.selector);
        anchors.anchor(1, keccak256("0"), keccak256("1"));
        vm.expectRevert(IAnchorRegistry.AnchorRegistryZeroRoot.selector);
        anchors.anchor(1, 0, 0);
        // A home that signed batches before it joined goes on with its numbers, without a root before.
        anchors.anchor(41, 0, keccak256("1"));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryWrongNumber.selector);
        anchors.anchor(43, keccak256("1"), keccak256("2"));
        anchors.anchor(42, keccak256("1"), keccak256("2"));
        vm.stopPrank();
        check(keccak256(bytes(anchors.version())) == keccak256("2.0.0"), "version");
    }

    function test_theRegistrarsOffice() public {
        vm.expectRevert(IAnchorRegistry.AnchorRegistryZeroAddress.selector);
        new AnchorRegistry(address(0));
        AnchorRegistry own = new AnchorRegistry(address(this));
        vm.expectRevert(IAnchorRegistry.AnchorRegistryZeroAddress.selector);
        own.enrol(address(0));
        own.enrol(address(1));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryAlreadyEnrolled.selector);
        own.enrol(address(1));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNotEnrolled.selector);
        own.retire(address(2));
        own.offerRegistrar(address(3));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNotCandidate.selector);
        own.acceptRegistrar();
        vm.prank(address(3));
        own.acceptRegistrar();
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNotRegistrar.selector);
        own.enrol(address(4));
    }

    function test_aReplacedGatewayIsNeverEnrolledAgain() public {
        AnchorRegistry own = new AnchorRegistry(address(this));
        own.enrol(address(1));
        own.enrol(address(2));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNoSuccession.selector);
        own.succeed(address(1), address(2));
        vm.prank(address(1));
        own.anchor(1, 0, keccak256("1"));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNoSuccession.selector);
        own.succeed(address(1), address(2));
        own.retire(address(1));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNoSuccession.selector);
        own.succeed(address(1), address(3));
        own.succeed(address(1), address(2));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryReplaced.selector);
        own.enrol(address(1));
        vm.prank(address(9));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryNotRegistrar.selector);
        own.succeed(address(1), address(2));
    }
}
