// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Where gateways anchor the Merkle roots of their batches
/// @notice A gateway is the account that signs its batches. It cannot drop, reorder or rewrite a batch unseen: only the
/// next number is accepted, and only with the root before it. State is constant per gateway (its head); the history is
/// in `Anchored`, chained by `previousRoot`, so that anyone can walk back from the head to the first batch, which has none before it.
/// Aggregators, which anchor for many gateways, anchor the checkpoints of their logs (RFC 9162): a log only grows, and one that
/// was forked or cut cannot be anchored.
/// Nothing of a patient is here: a root is a hash of salted hashes.
interface IAnchorRegistry {
    /// @notice What the contract keeps of a gateway.
    /// @param enrolled whether it may anchor now
    /// @param number its last batch, 0 before the first
    /// @param time when that was anchored, seconds since 1970 as the block says
    /// @param root the root of that batch, zero before the first
    struct Head {
        bool enrolled;
        uint64 number;
        uint64 time;
        bytes32 root;
    }

    /// @notice What the contract keeps of a log.
    /// @param aggregator whose log it is; zero for an unknown one
    /// @param size its leaves
    /// @param time when that was anchored, seconds since 1970 as the block says
    /// @param root of the tree of that size
    struct LogHead {
        address aggregator;
        uint64 size;
        uint48 time;
        bytes32 root;
    }

    /// @notice A batch was anchored. Its time is the block's.
    event Anchored(address indexed gateway, uint64 indexed number, bytes32 previousRoot, bytes32 root);
    /// @notice A gateway may anchor from now on.
    event GatewayEnrolled(address indexed gateway);
    /// @notice A gateway may not anchor any more; what it anchored stays.
    event GatewayRetired(address indexed gateway);
    /// @notice A gateway was replaced by another. Its last number and root are where the other begins.
    event GatewaySucceeded(address indexed previous, address indexed next, uint64 number, bytes32 root);
    /// @notice A log was anchored: it has grown from the size before to this one.
    event LogAnchored(bytes32 indexed origin, address indexed aggregator, uint64 size, bytes32 root);
    /// @notice The registrar offered its office; nothing changes before it is accepted.
    event RegistrarOffered(address indexed registrar, address indexed candidate);
    /// @notice The office passed on.
    event RegistrarChanged(address indexed previousRegistrar, address indexed registrar);

    /// @notice The caller is not enrolled: nobody is, until the registrar says so.
    error AnchorRegistryNotEnrolled(address gateway);
    /// @notice The gateway is enrolled already.
    error AnchorRegistryAlreadyEnrolled(address gateway);
    /// @notice The number is not the one after the head's.
    error AnchorRegistryWrongNumber(address gateway, uint64 expected, uint64 given);
    /// @notice The previous root is not the head's.
    error AnchorRegistryWrongPreviousRoot(address gateway, bytes32 expected, bytes32 given);
    /// @notice Zero is not a root: it stands for "none yet".
    error AnchorRegistryZeroRoot();
    /// @notice Only the registrar may do this.
    error AnchorRegistryNotRegistrar(address caller);
    /// @notice Only the one to whom the office was offered may accept it.
    error AnchorRegistryNotCandidate(address caller);
    /// @notice The zero address is nobody.
    error AnchorRegistryZeroAddress();

    /// @notice The gateway was replaced; it anchors no more.
    error AnchorRegistryReplaced(address gateway, address successor);
    /// @notice Only a gateway that is retired and not replaced is succeeded by one that has not anchored and follows nobody.
    error AnchorRegistryNoSuccession(address previous, address next);
    /// @notice The sender is no active aggregator of the consortium.
    error AnchorRegistryNotAggregator(address caller);
    /// @notice Another aggregator's log has this origin.
    error AnchorRegistryWrongOrigin(bytes32 origin, address aggregator);
    /// @notice The proof does not show that the log with this root begins with the one that was anchored last.
    error AnchorRegistryNotConsistent(bytes32 origin, uint64 from, uint64 to);

    /// @notice Anchors the sender's next batch.
    /// @param number the head's number + 1; of a gateway without a head any but 0
    /// @param previousRoot the head's root, zero for the first batch
    /// @param root RFC 9162 Merkle root (SHA-256) of the batch's salted leaves, not zero
    function anchor(uint64 number, bytes32 previousRoot, bytes32 root) external;

    /// @notice Anchors the sender's log as it stands. The first anchor of an origin makes it the sender's.
    /// @param origin SHA-256 of the origin line of the log's checkpoints (C2SP tlog-checkpoint)
    /// @param size leaves, not fewer than anchored before
    /// @param root RFC 9162 Merkle root (SHA-256) of so many leaves
    /// @param consistencyProof RFC 9162, 2.1.4, from the size that was anchored last; empty for the first and for the same size
    function anchorLog(bytes32 origin, uint64 size, bytes32 root, bytes32[] calldata consistencyProof) external;

    /// @notice What was anchored last of a log; all zero for an unknown one.
    function logHead(bytes32 origin) external view returns (LogHead memory);

    /// @notice Whether a leaf is in the log as it was anchored last.
    /// @param leaf the leaf's data, not its hash
    /// @param proof RFC 9162, 2.1.3, at the anchored size
    function isInLog(bytes32 origin, bytes calldata leaf, uint64 index, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice Whether a leaf is in a batch with this root.
    /// @param leaf the leaf's data, not its hash
    function isInBatch(bytes32 root, uint64 count, bytes calldata leaf, uint64 index, bytes32[] calldata proof)
        external
        pure
        returns (bool);

    /// @notice Hands the number and root of a retired gateway to the one that replaces it, which goes on from there.
    function succeed(address previous, address next) external;

    /// @notice The gateway that replaced this one, or zero.
    function successor(address gateway) external view returns (address);

    /// @notice The head of a gateway; all zero for an unknown one.
    function head(address gateway) external view returns (Head memory);

    /// @notice Lets a gateway anchor. A retired one goes on where it ended.
    function enrol(address gateway) external;

    /// @notice Ends a gateway's right to anchor.
    function retire(address gateway) external;

    /// @notice Who enrols and retires.
    function registrar() external view returns (address);

    /// @notice To whom the office is offered, or zero.
    function candidate() external view returns (address);

    /// @notice Offers the office; zero takes the offer back.
    function offerRegistrar(address to) external;

    /// @notice Takes the office that was offered to the sender.
    function acceptRegistrar() external;

    function version() external pure returns (string memory);
}
