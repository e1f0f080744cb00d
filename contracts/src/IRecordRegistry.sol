// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title The index of what was written into patients' records
/// @notice An entry is two salted hashes under a pseudonym: of the content, and of where it lies. It is changed by nobody: there is a new
/// version. An author needs the patient's live grant to write; an entry counts when the patient and enough of the hospitals that
/// support this patient endorse it. Batches of observations are not here, their anchor is their index; one entry a month points to
/// their sealed manifest.
interface IRecordRegistry {
    /// @dev The bit of a kind in a grant's data classes is 16 + its number.
    enum Kind {
        Note,
        Prescription,
        Procedure,
        Report,
        Image,
        Bill,
        CarePlan,
        Month
    }

    enum State {
        None,
        Pending,
        Accepted,
        Refused,
        Withdrawn
    }

    /// @param contentHash salted hash of the document; the entry's id
    /// @param locatorHash salted hash of where it lies
    /// @param previous the version before, zero for the first
    struct NewEntry {
        bytes32 subject;
        address author;
        Kind kind;
        bytes32 contentHash;
        bytes32 locatorHash;
        bytes32 previous;
    }

    /// @param next the accepted version after it, or zero
    /// @param reason why it was refused; zero where it was not
    struct Entry {
        bytes32 subject;
        address author;
        Kind kind;
        State state;
        uint48 time;
        uint32 version;
        uint16 reason;
        bytes32 locatorHash;
        bytes32 previous;
        bytes32 next;
    }

    /// @notice One word about an entry, signed by a supporting hospital or by a key of the patient.
    struct Vote {
        address signer;
        uint48 deadline;
        bytes signature;
    }

    event SupportersSet(bytes32 indexed subject, address[] hospitals, uint8 needed, uint64 sequence);
    event EntryPublished(
        bytes32 indexed id, bytes32 indexed subject, address indexed author, Kind kind, bytes32 previous
    );
    event EntryEndorsed(bytes32 indexed id, address indexed by);
    event EntryAccepted(bytes32 indexed id, bytes32 indexed subject);
    /// @param reason a code of the consortium's list, not zero
    event RefusalGiven(bytes32 indexed id, address indexed by, uint16 reason);
    event EntryRefused(bytes32 indexed id, bytes32 indexed subject, uint16 reason);
    event EntryWithdrawn(bytes32 indexed id);

    error RecordWrongEntry();
    error RecordKnown(bytes32 id);
    error RecordWrongState(bytes32 id, State state);
    error RecordNotAllowed(address author, bytes32 subject);
    error RecordWrongPrevious(bytes32 previous);
    error RecordSuperseded(bytes32 previous, bytes32 next);
    error RecordTooMany(uint256 most);
    error RecordWrongSupporters();
    error RecordOldSequence(uint64 last, uint64 given);
    error RecordNotPatient(address signer, bytes32 subject);
    error RecordNoVote(address signer);
    error RecordVoted(address signer);
    error RecordZeroReason();
    error RecordNotAuthor(address caller);

    /// @notice The patient names the hospitals that support it, and how many of them must endorse. Only a higher sequence counts.
    /// @param needed at least one, at most all
    function setSupporters(
        bytes32 subject,
        address[] calldata hospitals,
        uint8 needed,
        uint64 sequence,
        address signer,
        bytes calldata signature
    ) external;

    /// @notice Publishes what an author signed. A month of the patient's own gateway needs no grant.
    /// @param grantId the patient's live grant to write this kind
    /// @param purpose one bit within the grant's purposes
    function publish(
        NewEntry calldata entry,
        bytes32 grantId,
        uint32 purpose,
        uint48 deadline,
        bytes calldata signature
    ) external;

    /// @notice Endorsements, one or more at once. The entry is accepted with the last that is needed.
    function endorse(bytes32 id, Vote[] calldata votes) external;

    /// @notice A refusal. The patient's ends it; a hospital's where the others are too few without it.
    function refuse(bytes32 id, uint16 reason, Vote calldata vote) external;

    /// @notice The author takes a pending entry back.
    function withdraw(bytes32 id) external;

    function entry(bytes32 id) external view returns (Entry memory);

    /// @notice Entries of a patient that are neither accepted nor refused; at most 64.
    function pending(bytes32 subject) external view returns (bytes32[] memory);

    /// @notice How an entry stands: hospitals that support the patient now and endorsed or refused it, how many must endorse, and
    /// whether the patient did.
    function count(bytes32 id) external view returns (uint256 endorsed, uint256 refused, uint256 needed, bool byPatient);

    function supporters(bytes32 subject)
        external
        view
        returns (address[] memory hospitals, uint8 needed, uint64 sequence);

    function version() external pure returns (string memory);
}
