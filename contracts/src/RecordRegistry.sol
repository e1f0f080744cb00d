// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IConsentRegistry} from "./IConsentRegistry.sol";
import {IConsortium} from "./IConsortium.sol";
import {IRecordRegistry} from "./IRecordRegistry.sol";
import {Relayed} from "./Relayed.sol";
import {Role} from "./Role.sol";

/// @title RecordRegistry
/// @notice See IRecordRegistry.
contract RecordRegistry is IRecordRegistry, Relayed {
    bytes32 private constant _ENTRY = keccak256(
        "Entry(bytes32 subject,address author,uint8 kind,bytes32 contentHash,bytes32 locatorHash,bytes32 previous,bytes32 grantId,uint32 purpose,uint48 deadline)"
    );
    bytes32 private constant _ENDORSEMENT = keccak256("Endorsement(bytes32 id,uint48 deadline)");
    bytes32 private constant _REFUSAL = keccak256("Refusal(bytes32 id,uint16 reason,uint48 deadline)");
    bytes32 private constant _SUPPORTERS =
        keccak256("Supporters(bytes32 subject,address[] hospitals,uint8 needed,uint64 sequence)");

    uint256 private constant _MOST_PENDING = 64;
    uint256 private constant _MOST_SUPPORTERS = 16;
    uint8 private constant _WRITE = 2;
    uint8 private constant _FIRST_BIT = 16;

    /// @dev What one account said of one entry.
    enum Word {
        None,
        Endorsed,
        Refused
    }

    struct Support {
        address[] hospitals;
        uint8 needed;
        uint64 sequence;
    }

    IConsortium public immutable consortium;
    IConsentRegistry public immutable consents;

    mapping(bytes32 id => Entry) private _entries;
    /// @dev By hospital; the patient's, whichever key gave it, under the zero address.
    mapping(bytes32 id => mapping(address by => Word)) private _words;
    mapping(bytes32 subject => Support) private _support;
    mapping(bytes32 subject => bytes32[]) private _pending;

    constructor(IConsortium members, IConsentRegistry grants) EIP712("Homebeat RecordRegistry", "1") {
        (consortium, consents) = (members, grants);
    }

    /// @inheritdoc IRecordRegistry
    function setSupporters(
        bytes32 subject,
        address[] calldata hospitals,
        uint8 needed,
        uint64 sequence,
        address signer,
        bytes calldata signature
    ) external {
        if (!consortium.isPatientKey(signer, subject)) revert RecordNotPatient(signer, subject);
        if (needed == 0 || needed > hospitals.length || hospitals.length > _MOST_SUPPORTERS) {
            revert RecordWrongSupporters();
        }
        for (uint256 i = 0; i < hospitals.length; i++) {
            // Rising: nobody stands there twice.
            if (i > 0 && hospitals[i] <= hospitals[i - 1]) revert RecordWrongSupporters();
            if (!consortium.isActive(hospitals[i], Role.Hospital)) revert RecordWrongSupporters();
        }
        Support storage it = _support[subject];
        if (sequence <= it.sequence) revert RecordOldSequence(it.sequence, sequence);
        bytes32 listed = keccak256(abi.encodePacked(hospitals));
        _take(signer, keccak256(abi.encode(_SUPPORTERS, subject, listed, needed, sequence)), signature);
        (it.hospitals, it.needed, it.sequence) = (hospitals, needed, sequence);
        emit SupportersSet(subject, hospitals, needed, sequence);
    }

    /// @inheritdoc IRecordRegistry
    function publish(
        NewEntry calldata given,
        bytes32 grantId,
        uint32 purpose,
        uint48 deadline,
        bytes calldata signature
    ) external {
        bytes32 id = given.contentHash;
        if (id == bytes32(0) || given.locatorHash == bytes32(0) || given.subject == bytes32(0)) {
            revert RecordWrongEntry();
        }
        if (_entries[id].state != State.None) revert RecordKnown(id);
        if (block.timestamp > deadline) revert RelayedExpired(deadline);
        if (!_mayWrite(given, grantId, purpose)) revert RecordNotAllowed(given.author, given.subject);
        _take(given.author, keccak256(abi.encode(_ENTRY, given, grantId, purpose, deadline)), signature);
        if (_pending[given.subject].length == _MOST_PENDING) revert RecordTooMany(_MOST_PENDING);
        _entries[id] = Entry({
            subject: given.subject,
            author: given.author,
            kind: given.kind,
            state: State.Pending,
            time: uint48(block.timestamp),
            version: _versionAfter(given),
            reason: 0,
            locatorHash: given.locatorHash,
            previous: given.previous,
            next: bytes32(0)
        });
        _pending[given.subject].push(id);
        emit EntryPublished(id, given.subject, given.author, given.kind, given.previous);
    }

    /// @inheritdoc IRecordRegistry
    function endorse(bytes32 id, Vote[] calldata votes) external {
        Entry storage it = _onlyPending(id);
        for (uint256 i = 0; i < votes.length; i++) {
            bytes32 hash = keccak256(abi.encode(_ENDORSEMENT, id, votes[i].deadline));
            _vote(id, it.subject, votes[i], hash, Word.Endorsed);
            emit EntryEndorsed(id, votes[i].signer);
        }
        (uint256 endorsed,, uint256 needed, bool byPatient) = count(id);
        if (!byPatient || needed == 0 || endorsed < needed) return;
        if (it.previous != bytes32(0)) {
            Entry storage before = _entries[it.previous];
            if (before.next != bytes32(0)) revert RecordSuperseded(it.previous, before.next);
            before.next = id;
        }
        _end(id, State.Accepted);
        emit EntryAccepted(id, it.subject);
    }

    /// @inheritdoc IRecordRegistry
    function refuse(bytes32 id, uint16 reason, Vote calldata vote) external {
        Entry storage it = _onlyPending(id);
        if (reason == 0) revert RecordZeroReason();
        bytes32 hash = keccak256(abi.encode(_REFUSAL, id, reason, vote.deadline));
        address by = _vote(id, it.subject, vote, hash, Word.Refused);
        emit RefusalGiven(id, vote.signer, reason);
        (, uint256 refused, uint256 needed,) = count(id);
        if (by != address(0) && refused + needed <= _support[it.subject].hospitals.length) return;
        it.reason = reason;
        _end(id, State.Refused);
        emit EntryRefused(id, it.subject, reason);
    }

    /// @inheritdoc IRecordRegistry
    function withdraw(bytes32 id) external {
        Entry storage it = _onlyPending(id);
        if (msg.sender != it.author) revert RecordNotAuthor(msg.sender);
        _end(id, State.Withdrawn);
        emit EntryWithdrawn(id);
    }

    /// @inheritdoc IRecordRegistry
    function entry(bytes32 id) external view returns (Entry memory) {
        return _entries[id];
    }

    /// @inheritdoc IRecordRegistry
    function pending(bytes32 subject) external view returns (bytes32[] memory) {
        return _pending[subject];
    }

    /// @inheritdoc IRecordRegistry
    function count(bytes32 id) public view returns (uint256 endorsed, uint256 refused, uint256 needed, bool byPatient) {
        Support storage support = _support[_entries[id].subject];
        for (uint256 i = 0; i < support.hospitals.length; i++) {
            address hospital = support.hospitals[i];
            Word word = _words[id][hospital];
            // Who was suspended or expelled meanwhile endorses nothing.
            if (word == Word.Endorsed && consortium.isActive(hospital, Role.Hospital)) endorsed++;
            if (word == Word.Refused) refused++;
        }
        return (endorsed, refused, support.needed, _words[id][address(0)] == Word.Endorsed);
    }

    /// @inheritdoc IRecordRegistry
    function supporters(bytes32 subject)
        external
        view
        returns (address[] memory hospitals, uint8 needed, uint64 sequence)
    {
        Support storage it = _support[subject];
        return (it.hospitals, it.needed, it.sequence);
    }

    /// @inheritdoc IRecordRegistry
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @return by the hospital, or zero for the patient
    function _vote(bytes32 id, bytes32 subject, Vote calldata vote, bytes32 hash, Word word)
        private
        returns (address by)
    {
        if (block.timestamp > vote.deadline) revert RelayedExpired(vote.deadline);
        if (!consortium.isPatientKey(vote.signer, subject)) {
            if (!_supports(subject, vote.signer)) revert RecordNoVote(vote.signer);
            by = vote.signer;
        }
        if (_words[id][by] != Word.None) revert RecordVoted(vote.signer);
        _take(vote.signer, hash, vote.signature);
        _words[id][by] = word;
    }

    function _end(bytes32 id, State state) private {
        Entry storage it = _entries[id];
        it.state = state;
        bytes32[] storage list = _pending[it.subject];
        uint256 last = list.length - 1;
        for (uint256 i = 0; i < last; i++) {
            if (list[i] != id) continue;
            list[i] = list[last];
            break;
        }
        list.pop();
    }

    function _supports(bytes32 subject, address hospital) private view returns (bool) {
        address[] storage hospitals = _support[subject].hospitals;
        for (uint256 i = 0; i < hospitals.length; i++) {
            if (hospitals[i] == hospital) return consortium.isActive(hospital, Role.Hospital);
        }
        return false;
    }

    function _mayWrite(NewEntry calldata given, bytes32 grantId, uint32 purpose) private view returns (bool) {
        if (given.kind == Kind.Month && consortium.isActive(given.author, Role.Gateway)) {
            return consortium.account(given.author).subject == given.subject;
        }
        uint32 dataClass = uint32(1) << (_FIRST_BIT + uint8(given.kind));
        return consents.covers(grantId, given.subject, given.author, dataClass, _WRITE, purpose);
    }

    function _versionAfter(NewEntry calldata given) private view returns (uint32) {
        if (given.previous == bytes32(0)) return 1;
        Entry storage before = _entries[given.previous];
        bool fit = before.state == State.Accepted && before.subject == given.subject && before.kind == given.kind;
        if (!fit) revert RecordWrongPrevious(given.previous);
        if (before.next != bytes32(0)) revert RecordSuperseded(given.previous, before.next);
        return before.version + 1;
    }

    function _onlyPending(bytes32 id) private view returns (Entry storage it) {
        it = _entries[id];
        if (it.state != State.Pending) revert RecordWrongState(id, it.state);
    }
}
