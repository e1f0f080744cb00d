// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";
import {IConsortium} from "./IConsortium.sol";
import {Relayed} from "./Relayed.sol";
import {Role} from "./Role.sol";

/// @title ConsentRegistry
/// @notice See IConsentRegistry.
contract ConsentRegistry is IConsentRegistry, Relayed {
    bytes32 private constant _TERMS = keccak256(
        "Terms(bytes32 subject,address grantee,uint32 dataClasses,uint8 access,uint32 purposes,uint48 notBefore,uint48 notAfter,bytes32 consentHash)"
    );
    bytes32 private constant _GRANT = keccak256(
        "Grant(bytes32 id,Terms terms,uint256 nonce,uint48 deadline)Terms(bytes32 subject,address grantee,uint32 dataClasses,uint8 access,uint32 purposes,uint48 notBefore,uint48 notAfter,bytes32 consentHash)"
    );
    bytes32 private constant _MODIFICATION = keccak256(
        "Modification(bytes32 id,Terms terms,uint256 nonce,uint48 deadline)Terms(bytes32 subject,address grantee,uint32 dataClasses,uint8 access,uint32 purposes,uint48 notBefore,uint48 notAfter,bytes32 consentHash)"
    );
    bytes32 private constant _REVOCATION = keccak256("Revocation(bytes32 id,bytes32 subject)");
    bytes32 private constant _EMERGENCY =
        keccak256("Emergency(bytes32 subject,address hospital,bool allowed,uint64 sequence)");

    uint48 private constant _CONFIRM_WITHIN = 15 minutes;
    uint48 private constant _EMERGENCY_LASTS = 4 hours;
    uint48 private constant _EMERGENCY_REACHES_BACK = 48 hours;

    struct Emergency {
        bool allowed;
        uint64 sequence;
        address declaredBy;
        uint48 declaredAt;
        uint48 until;
        uint48 dataFrom;
    }

    IConsortium public immutable consortium;

    mapping(bytes32 id => Terms) private _grants;
    mapping(bytes32 id => mapping(bytes32 subject => bool)) private _revoked;
    mapping(bytes32 subject => mapping(address hospital => Emergency)) private _emergencies;

    constructor(IConsortium members) EIP712("Homebeat ConsentRegistry", "1") {
        consortium = members;
    }

    /// @inheritdoc IConsentRegistry
    function request(bytes32 id, Terms calldata terms) external {
        bool own = terms.grantee == msg.sender || consortium.actsFor(msg.sender, terms.grantee);
        if (!own || !_isActive(msg.sender)) revert ConsentUnknownAsker(msg.sender);
        _check(terms);
        emit AccessRequested(id, terms.subject, msg.sender, terms);
    }

    /// @inheritdoc IConsentRegistry
    function grant(
        bytes32 id,
        Terms calldata terms,
        address signer,
        uint256 nonce,
        uint48 deadline,
        bytes calldata signature
    ) external {
        _onlyPatient(signer, terms.subject);
        _check(terms);
        if (_grants[id].subject != bytes32(0) || _revoked[id][terms.subject]) revert ConsentUsed(id);
        bytes32 hash = keccak256(abi.encode(_GRANT, id, _hashOf(terms), nonce, deadline));
        _takeOnce(signer, nonce, deadline, hash, signature);
        _grants[id] = terms;
        emit Granted(id, terms.subject, terms.grantee, terms);
    }

    /// @inheritdoc IConsentRegistry
    function modify(
        bytes32 id,
        Terms calldata terms,
        address signer,
        uint256 nonce,
        uint48 deadline,
        bytes calldata signature
    ) external {
        Terms storage current = _grants[id];
        if (current.subject == bytes32(0) || _revoked[id][current.subject]) revert ConsentNotGranted(id);
        if (current.subject != terms.subject || current.grantee != terms.grantee) revert ConsentWrongSubject(id);
        _onlyPatient(signer, terms.subject);
        _check(terms);
        bytes32 hash = keccak256(abi.encode(_MODIFICATION, id, _hashOf(terms), nonce, deadline));
        _takeOnce(signer, nonce, deadline, hash, signature);
        _grants[id] = terms;
        emit Modified(id, terms.subject, terms.grantee, terms);
    }

    /// @inheritdoc IConsentRegistry
    function revoke(bytes32 id, bytes32 subject, address signer, bytes calldata signature) external {
        _onlyKeyOf(signer, subject);
        _take(signer, keccak256(abi.encode(_REVOCATION, id, subject)), signature);
        if (_revoked[id][subject]) return;
        _revoked[id][subject] = true;
        emit Revoked(id, subject);
    }

    /// @inheritdoc IConsentRegistry
    function setEmergency(
        bytes32 subject,
        address hospital,
        bool allowed,
        uint64 sequence,
        address signer,
        bytes calldata signature
    ) external {
        // To end it, any key that the patient ever had is enough.
        if (allowed) _onlyPatient(signer, subject);
        else _onlyKeyOf(signer, subject);
        Emergency storage it = _emergencies[subject][hospital];
        if (sequence <= it.sequence) revert ConsentOldSequence(it.sequence, sequence);
        _take(signer, keccak256(abi.encode(_EMERGENCY, subject, hospital, allowed, sequence)), signature);
        (it.allowed, it.sequence) = (allowed, sequence);
        if (!allowed) (it.declaredBy, it.declaredAt, it.until, it.dataFrom) = (address(0), 0, 0, 0);
        emit EmergencySet(subject, hospital, allowed, sequence);
    }

    /// @inheritdoc IConsentRegistry
    function declareEmergency(bytes32 subject, address hospital, bytes32 reasonHash) external {
        Emergency storage it = _emergencies[subject][hospital];
        if (!it.allowed) revert ConsentNotAllowed(subject, hospital);
        // A person, not the organisation's own account: that would be the second pair of eyes of nobody.
        if (msg.sender == hospital || !consortium.actsFor(msg.sender, hospital)) {
            revert ConsentNotOfHospital(msg.sender, hospital);
        }
        uint48 now_ = uint48(block.timestamp);
        bool waits = it.declaredBy != address(0) && now_ <= it.declaredAt + _CONFIRM_WITHIN;
        if (waits && it.declaredBy == msg.sender) revert ConsentSamePerson(msg.sender);
        emit EmergencyDeclared(subject, hospital, msg.sender, reasonHash);
        if (!waits || !consortium.actsFor(it.declaredBy, hospital)) {
            (it.declaredBy, it.declaredAt) = (msg.sender, now_);
            return;
        }
        (it.until, it.dataFrom) = (now_ + _EMERGENCY_LASTS, now_ - _EMERGENCY_REACHES_BACK);
        emit EmergencyOpened(subject, hospital, it.declaredBy, msg.sender, it.dataFrom, it.until);
        (it.declaredBy, it.declaredAt) = (address(0), 0);
    }

    /// @inheritdoc IConsentRegistry
    function grantOf(bytes32 id) external view returns (Terms memory terms, Status status) {
        terms = _grants[id];
        if (terms.subject == bytes32(0)) return (terms, Status.None);
        return (terms, _revoked[id][terms.subject] ? Status.Revoked : Status.Granted);
    }

    /// @inheritdoc IConsentRegistry
    function isLive(bytes32 id) public view returns (bool) {
        Terms storage it = _grants[id];
        bool granted = it.subject != bytes32(0) && !_revoked[id][it.subject];
        return granted && block.timestamp >= it.notBefore && block.timestamp <= it.notAfter;
    }

    /// @inheritdoc IConsentRegistry
    function covers(bytes32 id, bytes32 subject, address who, uint32 dataClasses, uint8 access, uint32 purposes)
        external
        view
        returns (bool)
    {
        Terms storage it = _grants[id];
        if (!isLive(id) || it.subject != subject) return false;
        if (dataClasses == 0 || access == 0 || purposes == 0) return false;
        bool within = dataClasses & ~it.dataClasses == 0 && access & ~it.access == 0 && purposes & ~it.purposes == 0;
        return within && (who == it.grantee ? _isActive(who) : consortium.actsFor(who, it.grantee));
    }

    /// @inheritdoc IConsentRegistry
    function isRevoked(bytes32 id, bytes32 subject) external view returns (bool) {
        return _revoked[id][subject];
    }

    /// @inheritdoc IConsentRegistry
    function emergency(bytes32 subject, address who, address hospital)
        external
        view
        returns (uint48 dataFrom, uint48 until)
    {
        Emergency storage it = _emergencies[subject][hospital];
        bool open = it.allowed && block.timestamp <= it.until && consortium.actsFor(who, hospital);
        return open ? (it.dataFrom, it.until) : (uint48(0), uint48(0));
    }

    /// @inheritdoc IConsentRegistry
    function emergencyAllowed(bytes32 subject, address hospital) external view returns (bool allowed, uint64 sequence) {
        Emergency storage it = _emergencies[subject][hospital];
        return (it.allowed, it.sequence);
    }

    /// @inheritdoc IConsentRegistry
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    function _hashOf(Terms calldata terms) private pure returns (bytes32) {
        return keccak256(abi.encode(_TERMS, terms));
    }

    function _check(Terms calldata terms) private pure {
        bool whole = terms.subject != bytes32(0) && terms.grantee != address(0) && terms.dataClasses != 0
            && terms.purposes != 0 && terms.access != 0 && terms.access <= 3;
        // Grants without an end are what nobody remembers to end.
        if (!whole || terms.notAfter < terms.notBefore || terms.notAfter == type(uint48).max) {
            revert ConsentWrongTerms();
        }
    }

    function _isActive(address who) private view returns (bool) {
        return consortium.isActive(who, consortium.account(who).role);
    }

    function _onlyPatient(address signer, bytes32 subject) private view {
        if (!consortium.isPatientKey(signer, subject)) revert ConsentNotPatient(signer, subject);
    }

    /// @dev A key of the patient, active or not.
    function _onlyKeyOf(address signer, bytes32 subject) private view {
        IConsortium.Account memory it = consortium.account(signer);
        bool theirs = it.role == Role.PatientKey && it.subject == subject && subject != bytes32(0);
        if (!theirs) revert ConsentNotPatient(signer, subject);
    }
}
