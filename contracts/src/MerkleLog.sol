// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Proofs of RFC 9162 Merkle trees over SHA-256
/// @notice Leaves are hashed behind 0x00, nodes behind 0x01; no padding, no sorted pairs.
library MerkleLog {
    /// @dev RFC 9162, 2.1.1.
    function hashLeaf(bytes memory data) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), data));
    }

    /// @dev RFC 9162, 2.1.1.
    function hashChildren(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @notice Whether a leaf is at `index` of the tree of `size` leaves with this root. RFC 9162, 2.1.3.2.
    /// @param leaf its hash
    /// @param proof from the leaf to the root
    function verifyInclusion(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] calldata proof)
        internal
        pure
        returns (bool)
    {
        if (index >= size) return false;
        (uint64 fn, uint64 sn) = (index, size - 1);
        bytes32 r = leaf;
        for (uint256 i = 0; i < proof.length; i++) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                r = hashChildren(proof[i], r);
                while (fn & 1 == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            } else {
                r = hashChildren(r, proof[i]);
            }
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return sn == 0 && r == root;
    }

    /// @notice Whether the tree of `second` leaves begins with that of `first` leaves. RFC 9162, 2.1.4.2.
    /// @dev The empty tree is the beginning of every tree, by an empty proof; an equal size needs an equal root and no proof.
    function verifyConsistency(
        uint64 first,
        bytes32 firstRoot,
        uint64 second,
        bytes32 secondRoot,
        bytes32[] calldata proof
    ) internal pure returns (bool) {
        if (first > second) return false;
        if (first == second) return proof.length == 0 && firstRoot == secondRoot;
        if (first == 0) return proof.length == 0;
        (uint64 fn, uint64 sn) = (first - 1, second - 1);
        while (fn & 1 == 1) (fn, sn) = (fn >> 1, sn >> 1);
        // Where `first` is a power of two its root is the proof's first node, and left out.
        uint256 next = 0;
        bytes32 fr = firstRoot;
        if (fn != 0) {
            if (proof.length == 0) return false;
            fr = proof[next++];
        }
        bytes32 sr = fr;
        for (; next < proof.length; next++) {
            if (sn == 0) return false;
            if (fn & 1 == 1 || fn == sn) {
                fr = hashChildren(proof[next], fr);
                sr = hashChildren(proof[next], sr);
                while (fn & 1 == 0 && fn != 0) (fn, sn) = (fn >> 1, sn >> 1);
            } else {
                sr = hashChildren(sr, proof[next]);
            }
            (fn, sn) = (fn >> 1, sn >> 1);
        }
        return sn == 0 && fr == firstRoot && sr == secondRoot;
    }
}
