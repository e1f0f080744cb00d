// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Role} from "./Role.sol";

/// @title Who belongs to the consortium, as what, and with which keys
/// @notice Organisations are admitted and expelled by the votes of the hospitals; each hospital enrols its own people, gateways and
/// the keys of its patients, under pseudonyms. No name, and nothing of a patient but a pseudonym for one relationship, is here.
interface IConsortium {
    /// @notice What is known of an account.
    /// @param role None for an unknown one; what was retired keeps its role
    /// @param suspended it may do nothing until it is reinstated
    /// @param retired it may do nothing any more
    /// @param since when it was admitted or enrolled, seconds since 1970
    /// @param hospital who enrolled it; the account itself for an organisation
    /// @param subject the patient's pseudonym, zero where the role has none
    struct Account {
        Role role;
        bool suspended;
        bool retired;
        uint48 since;
        address hospital;
        bytes32 subject;
    }

    /// @notice A P-256 key of an account. Signing: ES256 over documents and messages. Encryption: ECDH-ES of JWE.
    enum KeyUse {
        Signing,
        Encryption
    }

    /// @param account whose key it is; zero for an unknown one
    /// @param use what for
    /// @param notBefore seconds since 1970, inclusive
    /// @param notAfter seconds since 1970, inclusive
    /// @param revokedAt 0: never. What was signed before stays signed
    /// @param x,y the point on P-256
    struct Key {
        address account;
        KeyUse use;
        uint48 notBefore;
        uint48 notAfter;
        uint48 revokedAt;
        bytes32 x;
        bytes32 y;
    }

    /// @notice A key as it is handed in.
    struct NewKey {
        KeyUse use;
        uint48 notBefore;
        uint48 notAfter;
        bytes32 x;
        bytes32 y;
    }

    /// @notice What the members vote on.
    /// @dev Admit: organisation, role, and for a hospital its validator or zero. Expel: organisation, and where its validator leaves
    /// too few, one for `beneficiary`, a hospital that has none. SetValidator: the organisation's validator, in place of the one
    /// it has; zero takes it away. Suspend, Reinstate: organisation.
    enum Act {
        Admit,
        Expel,
        SetValidator,
        Suspend,
        Reinstate
    }

    struct Proposal {
        Act act;
        Role role;
        address organisation;
        address validator;
        address beneficiary;
    }

    /// @notice Open: may be approved. Accepted: a majority approves, its delay runs or is over. Executed, Withdrawn and Expired are ends.
    enum ProposalState {
        None,
        Open,
        Accepted,
        Executed,
        Withdrawn,
        Expired
    }

    event ProposalMade(uint256 indexed id, address indexed by, Proposal proposal);
    event ProposalApproved(uint256 indexed id, address indexed by);
    event ApprovalTaken(uint256 indexed id, address indexed by);
    event ProposalAccepted(uint256 indexed id, uint48 executableFrom);
    event ProposalExecuted(uint256 indexed id);
    event ProposalWithdrawn(uint256 indexed id);
    event OrganisationAdmitted(address indexed organisation, Role role);
    event OrganisationExpelled(address indexed organisation);
    /// @notice One act changed the validators: `removed` went, `added` came; either may be zero.
    event ValidatorsChanged(address indexed organisation, address indexed removed, address indexed added);
    event AccountEnrolled(address indexed account, Role role, address indexed hospital, bytes32 indexed subject);
    event AccountRetired(address indexed account, address indexed by);
    event AccountSuspended(address indexed account, address indexed by);
    event AccountReinstated(address indexed account, address indexed by);
    event KeyAdded(address indexed account, bytes32 indexed keyId, KeyUse use, uint48 notBefore, uint48 notAfter);
    event KeyRevoked(address indexed account, bytes32 indexed keyId);
    /// @notice The office of an anchor registry's registrar was taken.
    event RegistryTaken(address indexed registry);

    error ConsortiumNotMember(address caller);
    error ConsortiumNotHospital(address caller);
    error ConsortiumNotYours(address account, address caller);
    error ConsortiumKnown(address account);
    error ConsortiumUnknown(address account);
    error ConsortiumRetired(address account);
    error ConsortiumWrongRole(Role role);
    error ConsortiumWrongSubject(bytes32 subject);
    error ConsortiumZeroAddress();
    error ConsortiumTooMany(uint256 most);
    error ConsortiumTooFewValidators(uint256 least);
    error ConsortiumValidatorTaken(address validator);
    error ConsortiumHasNoValidator(address organisation);
    error ConsortiumWrongState(uint256 id, ProposalState state);
    error ConsortiumTooEarly(uint48 from);
    error ConsortiumApproved(uint256 id, address by);
    error ConsortiumNotApproved(uint256 id, address by);
    error ConsortiumWrongKey(bytes32 keyId);
    error ConsortiumRegistrySet(address registry);
    error ConsortiumNoRegistry();
    error ConsortiumWrongTimes(uint48 delay, uint48 expiry);

    // Votes

    /// @notice A member proposes, and approves with it. A member has one proposal that is not at its end.
    function propose(Proposal calldata proposal) external returns (uint256 id);

    /// @notice A member approves. A majority of those who are members now accepts.
    function approve(uint256 id) external;

    /// @notice A member takes its approval back, until it is executed.
    function disapprove(uint256 id) external;

    /// @notice Who proposed takes it back.
    function withdraw(uint256 id) external;

    /// @notice Anyone carries out what was accepted, after its delay and before it expires; the majority is counted again. Where
    /// only now a majority approves, because the members changed, its delay begins and nothing else happens.
    /// Between two changes of the validators lies a delay: the network follows one at a time.
    function execute(uint256 id) external;

    // Accounts

    /// @notice A hospital enrols one of its people, devices, or a key of one of its patients.
    /// @param subject the pseudonym where the role has one, else zero
    function enrol(address account, Role role, bytes32 subject, NewKey[] calldata keys) external;

    /// @notice For good. By the hospital that enrolled it, or by the account itself.
    function retire(address account) external;

    /// @notice Until it is reinstated. By the hospital that enrolled it.
    function suspend(address account) external;

    /// @notice By the hospital that enrolled it.
    function reinstate(address account) external;

    /// @notice A gateway is replaced: the old one, retired, hands its number and root to the new one, of the same pseudonym.
    function succeed(address previous, address next) external;

    /// @notice The account adds a key of its own.
    function addKey(NewKey calldata key) external;

    /// @notice A key does not count from now on. By its account or the hospital that enrolled it.
    function revokeKey(bytes32 keyId) external;

    /// @notice A member has the office of an anchor registry's registrar taken, which was offered to this contract; once.
    function takeRegistry(address registry) external;

    // Views

    /// @notice The validators, for nodes that read them here. Never reverts, never more than 64.
    function getValidators() external view returns (address[] memory);

    /// @notice The voting hospitals that are not suspended and those that are.
    function members() external view returns (address[] memory);

    function proposal(uint256 id)
        external
        view
        returns (Proposal memory what, address by, uint48 madeAt, uint48 acceptedAt, ProposalState state);

    /// @notice Approvals of those who are members now.
    function approvals(uint256 id) external view returns (uint256);

    /// @notice How many approvals accept now.
    function majority() external view returns (uint256);

    function account(address who) external view returns (Account memory);

    /// @notice Whether the account may act in its role now: known, neither suspended nor retired, and its hospital neither.
    function isActive(address who, Role role) external view returns (bool);

    /// @notice Whether the account acts for this hospital now: the hospital itself, or one of its people.
    function actsFor(address who, address hospital) external view returns (bool);

    /// @notice Whether the account is an active patient key of the pseudonym.
    function isPatientKey(address who, bytes32 subject) external view returns (bool);

    /// @param keyId SHA-256 of x ‖ y
    function key(bytes32 keyId) external view returns (Key memory);

    /// @notice Whether the key counted for its account's use at a time. What the account may do is another question.
    function isKeyValid(bytes32 keyId, KeyUse use, uint48 at) external view returns (bool);

    /// @notice The validator of an organisation, or zero.
    function validatorOf(address organisation) external view returns (address);

    /// @notice Seconds from the majority to the act, and from the proposal to its expiry.
    function times() external view returns (uint48 delay, uint48 expiry);

    function version() external pure returns (string memory);
}
