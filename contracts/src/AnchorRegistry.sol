// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAnchorRegistry} from "./IAnchorRegistry.sol";
import {IConsortium} from "./IConsortium.sol";
import {MerkleLog} from "./MerkleLog.sol";
import {Role} from "./Role.sol";

/// @title AnchorRegistry
/// @notice See IAnchorRegistry. Written for the London EVM: no later instruction, so that every permissioned node runs it.
contract AnchorRegistry is IAnchorRegistry {
    /// @inheritdoc IAnchorRegistry
    address public registrar;
    /// @inheritdoc IAnchorRegistry
    address public candidate;

    /// @dev Two slots each: (enrolled, number, time) and root.
    mapping(address gateway => Head) private _heads;
    mapping(bytes32 origin => LogHead) private _logs;
    /// @inheritdoc IAnchorRegistry
    mapping(address gateway => address) public successor;

    modifier onlyRegistrar() {
        if (msg.sender != registrar) revert AnchorRegistryNotRegistrar(msg.sender);
        _;
    }

    /// @param firstRegistrar who enrols and retires gateways; a contract that counts votes may take the office later
    constructor(address firstRegistrar) {
        if (firstRegistrar == address(0)) revert AnchorRegistryZeroAddress();
        registrar = firstRegistrar;
        emit RegistrarChanged(address(0), firstRegistrar);
    }

    /// @inheritdoc IAnchorRegistry
    function anchor(uint64 number, bytes32 previousRoot, bytes32 root) external {
        Head storage current = _heads[msg.sender];
        if (!current.enrolled) revert AnchorRegistryNotEnrolled(msg.sender);
        uint64 last = current.number;
        // A gateway that signed batches before it joined goes on with its numbers: its first batch here commits to those.
        if (number != last + 1 && (last > 0 || number == 0)) {
            revert AnchorRegistryWrongNumber(msg.sender, last + 1, number);
        }
        bytes32 headRoot = current.root;
        if (previousRoot != headRoot) revert AnchorRegistryWrongPreviousRoot(msg.sender, headRoot, previousRoot);
        if (root == bytes32(0)) revert AnchorRegistryZeroRoot();

        current.number = number;
        current.time = uint64(block.timestamp);
        current.root = root;
        emit Anchored(msg.sender, number, previousRoot, root);
    }

    /// @inheritdoc IAnchorRegistry
    function anchorLog(bytes32 origin, uint64 size, bytes32 root, bytes32[] calldata consistencyProof) external {
        if (registrar.code.length == 0 || !IConsortium(registrar).isActive(msg.sender, Role.Aggregator)) {
            revert AnchorRegistryNotAggregator(msg.sender);
        }
        LogHead storage current = _logs[origin];
        address aggregator = current.aggregator;
        if (aggregator != address(0) && aggregator != msg.sender) revert AnchorRegistryWrongOrigin(origin, aggregator);
        if (root == bytes32(0)) revert AnchorRegistryZeroRoot();
        uint64 from = current.size;
        bool grows = MerkleLog.verifyConsistency(from, current.root, size, root, consistencyProof);
        // The empty tree needs no anchor, and its root would be anybody's word.
        if (!grows || size == 0) revert AnchorRegistryNotConsistent(origin, from, size);

        current.aggregator = msg.sender;
        current.size = size;
        current.time = uint48(block.timestamp);
        current.root = root;
        emit LogAnchored(origin, msg.sender, size, root);
    }

    /// @inheritdoc IAnchorRegistry
    function logHead(bytes32 origin) external view returns (LogHead memory) {
        return _logs[origin];
    }

    /// @inheritdoc IAnchorRegistry
    function isInLog(bytes32 origin, bytes calldata leaf, uint64 index, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        LogHead storage current = _logs[origin];
        return MerkleLog.verifyInclusion(MerkleLog.hashLeaf(leaf), index, current.size, current.root, proof);
    }

    /// @inheritdoc IAnchorRegistry
    function isInBatch(bytes32 root, uint64 count, bytes calldata leaf, uint64 index, bytes32[] calldata proof)
        external
        pure
        returns (bool)
    {
        return MerkleLog.verifyInclusion(MerkleLog.hashLeaf(leaf), index, count, root, proof);
    }

    /// @inheritdoc IAnchorRegistry
    function head(address gateway) external view returns (Head memory) {
        return _heads[gateway];
    }

    /// @inheritdoc IAnchorRegistry
    function enrol(address gateway) external onlyRegistrar {
        if (gateway == address(0)) revert AnchorRegistryZeroAddress();
        if (_heads[gateway].enrolled) revert AnchorRegistryAlreadyEnrolled(gateway);
        if (successor[gateway] != address(0)) revert AnchorRegistryReplaced(gateway, successor[gateway]);
        _heads[gateway].enrolled = true;
        emit GatewayEnrolled(gateway);
    }

    /// @inheritdoc IAnchorRegistry
    function retire(address gateway) external onlyRegistrar {
        if (!_heads[gateway].enrolled) revert AnchorRegistryNotEnrolled(gateway);
        _heads[gateway].enrolled = false;
        emit GatewayRetired(gateway);
    }

    /// @inheritdoc IAnchorRegistry
    function succeed(address previous, address next) external onlyRegistrar {
        Head storage old = _heads[previous];
        Head storage fresh = _heads[next];
        bool fit = !old.enrolled && old.number > 0 && successor[previous] == address(0);
        if (!fit || !fresh.enrolled || fresh.number > 0) revert AnchorRegistryNoSuccession(previous, next);
        successor[previous] = next;
        (fresh.number, fresh.time, fresh.root) = (old.number, old.time, old.root);
        emit GatewaySucceeded(previous, next, old.number, old.root);
    }

    /// @inheritdoc IAnchorRegistry
    function offerRegistrar(address to) external onlyRegistrar {
        candidate = to;
        emit RegistrarOffered(msg.sender, to);
    }

    /// @inheritdoc IAnchorRegistry
    function acceptRegistrar() external {
        // The zero address sends nothing, so an offer taken back is accepted by nobody.
        if (msg.sender != candidate) revert AnchorRegistryNotCandidate(msg.sender);
        address previous = registrar;
        registrar = msg.sender;
        candidate = address(0);
        emit RegistrarChanged(previous, msg.sender);
    }

    /// @inheritdoc IAnchorRegistry
    function version() external pure returns (string memory) {
        return "2.0.0";
    }
}
