// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {AnchorRegistry} from "./AnchorRegistry.sol";
import {IConsortium} from "./IConsortium.sol";
import {Role, hasSubject, isOrganisation} from "./Role.sol";

/// @title The consortium's accounts and their keys
/// @notice See IConsortium.
abstract contract Accounts is IConsortium {
    uint256 private constant _MOST_KEYS = 4;

    mapping(address account => Account) internal _accounts;
    mapping(bytes32 keyId => Key) private _keys;
    AnchorRegistry private _registry;

    modifier onlyHospital() {
        if (!isActive(msg.sender, Role.Hospital)) revert ConsortiumNotHospital(msg.sender);
        _;
    }

    /// @inheritdoc IConsortium
    function enrol(address who, Role role, bytes32 subject, NewKey[] calldata keys) external onlyHospital {
        if (isOrganisation(role) || role == Role.None) revert ConsortiumWrongRole(role);
        if (hasSubject(role) != (subject != bytes32(0))) revert ConsortiumWrongSubject(subject);
        if (keys.length > _MOST_KEYS) revert ConsortiumTooMany(_MOST_KEYS);
        _open(who, role, msg.sender, subject);
        emit AccountEnrolled(who, role, msg.sender, subject);
        for (uint256 i = 0; i < keys.length; i++) {
            _addKey(who, keys[i]);
        }
        if (role == Role.Gateway && address(_registry) != address(0)) _registry.enrol(who);
    }

    /// @inheritdoc IConsortium
    function retire(address who) external {
        Account storage it = _accounts[who];
        // An organisation goes by vote: its people, its patients and its validator hang on it.
        if (isOrganisation(it.role)) revert ConsortiumWrongRole(it.role);
        _onlyHospitalOf(who, true);
        if (it.retired) revert ConsortiumRetired(who);
        it.retired = true;
        emit AccountRetired(who, msg.sender);
        if (it.role == Role.Gateway && !it.suspended) _closeAnchors(who);
    }

    /// @inheritdoc IConsortium
    function suspend(address who) external {
        _onlyHospitalOf(who, false);
        _suspend(who);
    }

    /// @inheritdoc IConsortium
    function reinstate(address who) external {
        _onlyHospitalOf(who, false);
        _reinstate(who);
    }

    /// @inheritdoc IConsortium
    function succeed(address previous, address next) external onlyHospital {
        Account storage old = _accounts[previous];
        Account storage new_ = _accounts[next];
        _onlyHospitalOf(next, false);
        if (old.role != Role.Gateway) revert ConsortiumWrongRole(old.role);
        if (new_.role != Role.Gateway) revert ConsortiumWrongRole(new_.role);
        if (!old.retired) revert ConsortiumKnown(previous);
        if (old.subject != new_.subject) revert ConsortiumWrongSubject(old.subject);
        if (address(_registry) == address(0)) revert ConsortiumNoRegistry();
        _registry.succeed(previous, next);
    }

    /// @inheritdoc IConsortium
    function addKey(NewKey calldata newKey) external {
        Account storage it = _accounts[msg.sender];
        if (it.role == Role.None) revert ConsortiumUnknown(msg.sender);
        if (it.retired || it.suspended) revert ConsortiumRetired(msg.sender);
        _addKey(msg.sender, newKey);
    }

    /// @inheritdoc IConsortium
    function revokeKey(bytes32 keyId) external {
        Key storage it = _keys[keyId];
        if (it.account == address(0) || it.revokedAt != 0) revert ConsortiumWrongKey(keyId);
        if (it.account != msg.sender) _onlyHospitalOf(it.account, false);
        it.revokedAt = uint48(block.timestamp);
        emit KeyRevoked(it.account, keyId);
    }

    /// @inheritdoc IConsortium
    function takeRegistry(address registry) external onlyHospital {
        if (address(_registry) != address(0)) revert ConsortiumRegistrySet(address(_registry));
        _registry = AnchorRegistry(registry);
        emit RegistryTaken(registry);
        if (_registry.registrar() != address(this)) _registry.acceptRegistrar();
    }

    /// @inheritdoc IConsortium
    function account(address who) external view returns (Account memory) {
        return _accounts[who];
    }

    /// @inheritdoc IConsortium
    function isActive(address who, Role role) public view returns (bool) {
        Account storage it = _accounts[who];
        if (it.role != role || role == Role.None || it.retired || it.suspended) return false;
        if (it.hospital == who) return true;
        Account storage hospital = _accounts[it.hospital];
        return !hospital.retired && !hospital.suspended;
    }

    /// @inheritdoc IConsortium
    function actsFor(address who, address hospital) external view returns (bool) {
        Role role = _accounts[who].role;
        bool person = role >= Role.Practitioner && role <= Role.Pharmacist;
        return (who == hospital || person) && _accounts[who].hospital == hospital && isActive(who, role);
    }

    /// @inheritdoc IConsortium
    function isPatientKey(address who, bytes32 subject) external view returns (bool) {
        return subject != bytes32(0) && _accounts[who].subject == subject && isActive(who, Role.PatientKey);
    }

    /// @inheritdoc IConsortium
    function key(bytes32 keyId) external view returns (Key memory) {
        return _keys[keyId];
    }

    /// @inheritdoc IConsortium
    function isKeyValid(bytes32 keyId, KeyUse use, uint48 at) external view returns (bool) {
        Key storage it = _keys[keyId];
        bool known = it.account != address(0) && it.use == use;
        return known && at >= it.notBefore && at <= it.notAfter && (it.revokedAt == 0 || at < it.revokedAt);
    }

    function _open(address who, Role role, address hospital, bytes32 subject) internal {
        if (who == address(0)) revert ConsortiumZeroAddress();
        if (_accounts[who].role != Role.None) revert ConsortiumKnown(who);
        _accounts[who] = Account({
            role: role,
            suspended: false,
            retired: false,
            since: uint48(block.timestamp),
            hospital: hospital,
            subject: subject
        });
    }

    function _suspend(address who) internal {
        Account storage it = _accounts[who];
        if (it.role == Role.None) revert ConsortiumUnknown(who);
        if (it.retired || it.suspended) revert ConsortiumRetired(who);
        it.suspended = true;
        emit AccountSuspended(who, msg.sender);
        if (it.role == Role.Gateway) _closeAnchors(who);
    }

    function _reinstate(address who) internal {
        Account storage it = _accounts[who];
        if (it.retired) revert ConsortiumRetired(who);
        if (!it.suspended) revert ConsortiumKnown(who);
        it.suspended = false;
        emit AccountReinstated(who, msg.sender);
        if (it.role == Role.Gateway && address(_registry) != address(0)) _registry.enrol(who);
    }

    function _addKey(address who, NewKey calldata given) private {
        bytes32 keyId = sha256(abi.encodePacked(given.x, given.y));
        bool usable = given.notBefore <= given.notAfter && P256.isValidPublicKey(given.x, given.y);
        // A key has one owner and one use, for ever: two accounts with one key could pass for each other.
        if (!usable || _keys[keyId].account != address(0)) revert ConsortiumWrongKey(keyId);
        _keys[keyId] = Key({
            account: who,
            use: given.use,
            notBefore: given.notBefore,
            notAfter: given.notAfter,
            revokedAt: 0,
            x: given.x,
            y: given.y
        });
        emit KeyAdded(who, keyId, given.use, given.notBefore, given.notAfter);
    }

    function _closeAnchors(address gateway) private {
        if (address(_registry) != address(0)) _registry.retire(gateway);
    }

    /// @param selfToo whether the account itself may too
    function _onlyHospitalOf(address who, bool selfToo) private view {
        if (selfToo && msg.sender == who && _accounts[who].role != Role.None) return;
        bool own = _accounts[who].hospital == msg.sender && msg.sender != who;
        if (!own || !isActive(msg.sender, Role.Hospital)) revert ConsortiumNotYours(who, msg.sender);
    }
}
