// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title What patients decided about who may read or write which part of their record
/// @notice Decisions and pseudonyms only. Enforcement is the release of keys, which asks here; this makes it auditable. A patient's
/// pseudonym, and the keys that sign for it, are one for each relationship, so that two grants do not show one person.
/// Everything that a patient decides is signed (EIP-712) and may be brought by anyone.
interface IConsentRegistry {
    /// @param subject the patient's pseudonym in this relationship
    /// @param grantee an account, or an organisation: then its people too
    /// @param dataClasses a bit for each data class of the record
    /// @param access 1 read, 2 write, 3 both
    /// @param purposes a bit for each purpose of use
    /// @param notBefore,notAfter seconds since 1970, inclusive
    /// @param consentHash of the salted version of the FHIR Consent that says the same in words
    struct Terms {
        bytes32 subject;
        address grantee;
        uint32 dataClasses;
        uint8 access;
        uint32 purposes;
        uint48 notBefore;
        uint48 notAfter;
        bytes32 consentHash;
    }

    enum Status {
        None,
        Granted,
        Revoked
    }

    /// @notice Somebody asks a patient; nothing follows from it but what the patient signs.
    event AccessRequested(bytes32 indexed id, bytes32 indexed subject, address indexed by, Terms terms);
    event Granted(bytes32 indexed id, bytes32 indexed subject, address indexed grantee, Terms terms);
    event Modified(bytes32 indexed id, bytes32 indexed subject, address indexed grantee, Terms terms);
    event Revoked(bytes32 indexed id, bytes32 indexed subject);
    event EmergencySet(bytes32 indexed subject, address indexed hospital, bool allowed, uint64 sequence);
    event EmergencyDeclared(bytes32 indexed subject, address indexed hospital, address indexed by, bytes32 reasonHash);
    event EmergencyOpened(
        bytes32 indexed subject, address indexed hospital, address first, address second, uint48 dataFrom, uint48 until
    );

    error ConsentNotPatient(address signer, bytes32 subject);
    error ConsentWrongTerms();
    error ConsentUsed(bytes32 id);
    error ConsentNotGranted(bytes32 id);
    error ConsentWrongSubject(bytes32 id);
    error ConsentNotAllowed(bytes32 subject, address hospital);
    error ConsentNotOfHospital(address who, address hospital);
    error ConsentSamePerson(address who);
    error ConsentOldSequence(uint64 last, uint64 given);
    error ConsentUnknownAsker(address who);

    /// @notice An active account asks for access, for itself or for its hospital.
    function request(bytes32 id, Terms calldata terms) external;

    /// @notice The patient grants. An id is the hash of a salt and the grant, and is used once, also where it was revoked before it came.
    function grant(
        bytes32 id,
        Terms calldata terms,
        address signer,
        uint256 nonce,
        uint48 deadline,
        bytes calldata signature
    ) external;

    /// @notice The patient changes the terms of a grant that is not revoked; subject and grantee stay.
    function modify(
        bytes32 id,
        Terms calldata terms,
        address signer,
        uint256 nonce,
        uint48 deadline,
        bytes calldata signature
    ) external;

    /// @notice The patient revokes, for good. No nonce and no deadline: it may come at any time, again, and before the grant.
    /// @dev A key of the patient that was suspended or retired may revoke too: that only takes away.
    function revoke(bytes32 id, bytes32 subject, address signer, bytes calldata signature) external;

    /// @notice The patient allows a hospital emergency access, or ends that, running ones included. Only a higher sequence counts.
    function setEmergency(
        bytes32 subject,
        address hospital,
        bool allowed,
        uint64 sequence,
        address signer,
        bytes calldata signature
    ) external;

    /// @notice One person of the hospital declares an emergency; within fifteen minutes another one of the same hospital
    /// confirms it by the same call, and for four hours the hospital may read what is at most 48 hours old.
    /// @param reasonHash salted hash of the reason, which the hospital keeps
    function declareEmergency(bytes32 subject, address hospital, bytes32 reasonHash) external;

    /// @notice A grant as it stands. Whether it counts now is `isLive`.
    function grantOf(bytes32 id) external view returns (Terms memory terms, Status status);

    /// @notice Whether a grant is neither revoked nor before or after its time.
    function isLive(bytes32 id) external view returns (bool);

    /// @notice Whether a grant lets an account do this now: it is live, the account or its hospital is its grantee and active, and
    /// data class, access and purpose are all within it.
    function covers(bytes32 id, bytes32 subject, address who, uint32 dataClasses, uint8 access, uint32 purposes)
        external
        view
        returns (bool);

    /// @notice Whether a revocation of this id was brought for this subject.
    function isRevoked(bytes32 id, bytes32 subject) external view returns (bool);

    /// @notice Until when the account may read in an emergency, and data from when; zero where it may not.
    function emergency(bytes32 subject, address who, address hospital)
        external
        view
        returns (uint48 dataFrom, uint48 until);

    /// @notice Whether the patient allows a hospital emergency access, and the sequence of the last word.
    function emergencyAllowed(bytes32 subject, address hospital) external view returns (bool allowed, uint64 sequence);

    function version() external pure returns (string memory);
}
