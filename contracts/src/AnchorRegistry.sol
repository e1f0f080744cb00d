// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IAnchorRegistry} from "./IAnchorRegistry.sol";

/// @title AnchorRegistry
/// @notice See IAnchorRegistry. Written for the London EVM: no later instruction, so that every permissioned node runs it.
contract AnchorRegistry is IAnchorRegistry {
    /// @inheritdoc IAnchorRegistry
    address public registrar;
    /// @inheritdoc IAnchorRegistry
    address public candidate;

    /// @dev Two slots each: (enrolled, number, time) and root.
    mapping(address gateway => Head) private _heads;

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
        uint64 expected = current.number + 1;
        if (number != expected) revert AnchorRegistryWrongNumber(msg.sender, expected, number);
        bytes32 headRoot = current.root;
        if (previousRoot != headRoot) revert AnchorRegistryWrongPreviousRoot(msg.sender, headRoot, previousRoot);
        if (root == bytes32(0)) revert AnchorRegistryZeroRoot();

        current.number = number;
        current.time = uint64(block.timestamp);
        current.root = root;
        emit Anchored(msg.sender, number, previousRoot, root);
    }

    /// @inheritdoc IAnchorRegistry
    function head(address gateway) external view returns (Head memory) {
        return _heads[gateway];
    }

    /// @inheritdoc IAnchorRegistry
    function enrol(address gateway) external onlyRegistrar {
        if (gateway == address(0)) revert AnchorRegistryZeroAddress();
        if (_heads[gateway].enrolled) revert AnchorRegistryAlreadyEnrolled(gateway);
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
}
