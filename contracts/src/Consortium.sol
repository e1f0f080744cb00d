// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Accounts} from "./Accounts.sol";
import {IConsortium} from "./IConsortium.sol";
import {Role, isOrganisation} from "./Role.sol";

/// @title Consortium
/// @notice See IConsortium. Here: members, votes and validators.
contract Consortium is Accounts {
    /// @dev Clique and QBFT tolerate one fault from four on.
    uint256 private constant _LEAST_VALIDATORS = 4;
    /// @dev Bounds getValidators, members and the count of a vote.
    uint256 private constant _MOST_MEMBERS = 64;

    struct Ballot {
        Proposal what;
        address by;
        uint48 madeAt;
        uint48 acceptedAt;
        bool executed;
        bool withdrawn;
        mapping(address member => bool) approved;
    }

    uint48 private immutable _delay;
    uint48 private immutable _expiry;

    address[] private _members;
    address[] private _validators;
    /// @dev Who runs it; a validator that went out may come in again, for anyone.
    mapping(address validator => address organisation) private _runs;
    mapping(address organisation => address validator) private _validatorOf;
    mapping(uint256 id => Ballot) private _ballots;
    mapping(address member => uint256 id) private _latestOf;
    uint256 private _count;
    uint48 private _validatorsFrom;

    modifier onlyMember() {
        if (!isActive(msg.sender, Role.Hospital)) revert ConsortiumNotMember(msg.sender);
        _;
    }

    /// @param hospitals the founding members, at least four, each with the validator at the same place
    /// @param delay seconds from a majority to its act
    /// @param expiry seconds from a proposal to its end, more than the delay
    constructor(address[] memory hospitals, address[] memory validators, uint48 delay, uint48 expiry) {
        if (hospitals.length != validators.length || hospitals.length < _LEAST_VALIDATORS) {
            revert ConsortiumTooFewValidators(_LEAST_VALIDATORS);
        }
        if (delay == 0 || expiry <= delay) revert ConsortiumWrongTimes(delay, expiry);
        _delay = delay;
        _expiry = expiry;
        for (uint256 i = 0; i < hospitals.length; i++) {
            _admit(hospitals[i], Role.Hospital);
            if (validators[i] == address(0)) revert ConsortiumZeroAddress();
            _setValidator(hospitals[i], validators[i]);
        }
    }

    /// @inheritdoc IConsortium
    function propose(Proposal calldata what) external onlyMember returns (uint256 id) {
        ProposalState last = _stateOf(_latestOf[msg.sender]);
        if (last == ProposalState.Open || last == ProposalState.Accepted) {
            revert ConsortiumWrongState(_latestOf[msg.sender], last);
        }
        _check(what);
        id = ++_count;
        _latestOf[msg.sender] = id;
        Ballot storage ballot = _ballots[id];
        (ballot.what, ballot.by, ballot.madeAt) = (what, msg.sender, uint48(block.timestamp));
        emit ProposalMade(id, msg.sender, what);
        _approve(id);
    }

    /// @inheritdoc IConsortium
    function approve(uint256 id) external onlyMember {
        _onlyRunning(id);
        if (_ballots[id].approved[msg.sender]) revert ConsortiumApproved(id, msg.sender);
        _approve(id);
    }

    /// @inheritdoc IConsortium
    function disapprove(uint256 id) external onlyMember {
        _onlyRunning(id);
        Ballot storage ballot = _ballots[id];
        if (!ballot.approved[msg.sender]) revert ConsortiumNotApproved(id, msg.sender);
        ballot.approved[msg.sender] = false;
        emit ApprovalTaken(id, msg.sender);
        if (approvals(id) < majority()) ballot.acceptedAt = 0;
    }

    /// @inheritdoc IConsortium
    function withdraw(uint256 id) external {
        _onlyRunning(id);
        if (_ballots[id].by != msg.sender) revert ConsortiumNotYours(_ballots[id].by, msg.sender);
        _ballots[id].withdrawn = true;
        emit ProposalWithdrawn(id);
    }

    /// @inheritdoc IConsortium
    function execute(uint256 id) external {
        ProposalState state = _onlyRunning(id);
        Ballot storage ballot = _ballots[id];
        if (approvals(id) < majority()) revert ConsortiumWrongState(id, ProposalState.Open);
        if (state == ProposalState.Open) return _accept(id);
        uint48 from = ballot.acceptedAt + _delay;
        if (block.timestamp < from) revert ConsortiumTooEarly(from);
        ballot.executed = true;
        emit ProposalExecuted(id);
        _check(ballot.what);
        _carryOut(ballot.what);
    }

    /// @inheritdoc IConsortium
    function getValidators() external view returns (address[] memory) {
        return _validators;
    }

    /// @inheritdoc IConsortium
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc IConsortium
    function proposal(uint256 id)
        external
        view
        returns (Proposal memory what, address by, uint48 madeAt, uint48 acceptedAt, ProposalState state)
    {
        Ballot storage ballot = _ballots[id];
        return (ballot.what, ballot.by, ballot.madeAt, ballot.acceptedAt, _stateOf(id));
    }

    /// @inheritdoc IConsortium
    function approvals(uint256 id) public view returns (uint256 count) {
        Ballot storage ballot = _ballots[id];
        for (uint256 i = 0; i < _members.length; i++) {
            address member = _members[i];
            if (ballot.approved[member] && !_accounts[member].suspended) count++;
        }
    }

    /// @inheritdoc IConsortium
    /// @dev Suspended members count too: suspending some does not make the others a majority.
    function majority() public view returns (uint256) {
        return _members.length / 2 + 1;
    }

    /// @inheritdoc IConsortium
    function validatorOf(address organisation) external view returns (address) {
        return _validatorOf[organisation];
    }

    /// @inheritdoc IConsortium
    function times() external view returns (uint48 delay, uint48 expiry) {
        return (_delay, _expiry);
    }

    /// @inheritdoc IConsortium
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    function _approve(uint256 id) private {
        _ballots[id].approved[msg.sender] = true;
        emit ProposalApproved(id, msg.sender);
        if (_ballots[id].acceptedAt == 0 && approvals(id) >= majority()) _accept(id);
    }

    function _accept(uint256 id) private {
        _ballots[id].acceptedAt = uint48(block.timestamp);
        emit ProposalAccepted(id, uint48(block.timestamp) + _delay);
    }

    function _carryOut(Proposal storage what) private {
        if (what.act == Act.Admit) {
            _admit(what.organisation, what.role);
            if (what.validator != address(0)) _changeValidator(what.organisation, what.validator);
        } else if (what.act == Act.Expel) {
            _expel(what);
        } else if (what.act == Act.SetValidator) {
            _changeValidator(what.organisation, what.validator);
        } else if (what.act == Act.Suspend) {
            _suspend(what.organisation);
        } else {
            _reinstate(what.organisation);
        }
    }

    function _admit(address organisation, Role role) private {
        _open(organisation, role, organisation, bytes32(0));
        if (role == Role.Hospital) {
            if (_members.length == _MOST_MEMBERS) revert ConsortiumTooMany(_MOST_MEMBERS);
            _members.push(organisation);
        }
        emit OrganisationAdmitted(organisation, role);
    }

    function _expel(Proposal storage what) private {
        address organisation = what.organisation;
        _accounts[organisation].retired = true;
        emit OrganisationExpelled(organisation);
        if (_accounts[organisation].role != Role.Hospital) return;
        _remove(_members, organisation);
        address validator = _validatorOf[organisation];
        if (validator == address(0)) return;
        _settle();
        _unsetValidator(organisation);
        if (what.validator != address(0)) _setValidator(what.beneficiary, what.validator);
        if (_validators.length < _LEAST_VALIDATORS) revert ConsortiumTooFewValidators(_LEAST_VALIDATORS);
        emit ValidatorsChanged(
            what.validator == address(0) ? organisation : what.beneficiary, validator, what.validator
        );
    }

    function _changeValidator(address organisation, address validator) private {
        _settle();
        address old = _validatorOf[organisation];
        if (old != address(0)) _unsetValidator(organisation);
        if (validator != address(0)) _setValidator(organisation, validator);
        if (_validators.length < _LEAST_VALIDATORS) revert ConsortiumTooFewValidators(_LEAST_VALIDATORS);
        emit ValidatorsChanged(organisation, old, validator);
    }

    /// @dev One change at a time: the next one waits until the network has followed.
    function _settle() private {
        if (block.timestamp < _validatorsFrom) revert ConsortiumTooEarly(_validatorsFrom);
        _validatorsFrom = uint48(block.timestamp) + _delay;
    }

    function _setValidator(address organisation, address validator) private {
        if (_runs[validator] != address(0)) revert ConsortiumValidatorTaken(validator);
        _runs[validator] = organisation;
        _validatorOf[organisation] = validator;
        _validators.push(validator);
    }

    function _unsetValidator(address organisation) private {
        address validator = _validatorOf[organisation];
        _remove(_validators, validator);
        delete _runs[validator];
        delete _validatorOf[organisation];
    }

    function _remove(address[] storage list, address one) private {
        uint256 last = list.length - 1;
        for (uint256 i = 0; i < last; i++) {
            if (list[i] != one) continue;
            list[i] = list[last];
            break;
        }
        list.pop();
    }

    /// @dev What can be known to be impossible is refused when it is proposed, and again when it is carried out.
    function _check(Proposal memory what) private view {
        Account storage it = _accounts[what.organisation];
        if (what.act == Act.Admit) {
            if (what.organisation == address(0)) revert ConsortiumZeroAddress();
            if (!isOrganisation(what.role)) revert ConsortiumWrongRole(what.role);
            if (what.validator != address(0) && what.role != Role.Hospital) revert ConsortiumWrongRole(what.role);
            if (it.role != Role.None) revert ConsortiumKnown(what.organisation);
        } else {
            if (!isOrganisation(it.role)) revert ConsortiumUnknown(what.organisation);
            if (it.retired) revert ConsortiumRetired(what.organisation);
        }
        if (what.act == Act.SetValidator && it.role != Role.Hospital) revert ConsortiumWrongRole(it.role);
        if (what.act == Act.SetValidator && what.validator == _validatorOf[what.organisation]) {
            revert ConsortiumValidatorTaken(what.validator);
        }
        if (what.act == Act.Expel && what.validator != address(0)) {
            bool fit = what.beneficiary != what.organisation && isActive(what.beneficiary, Role.Hospital);
            if (!fit) revert ConsortiumNotHospital(what.beneficiary);
            if (_validatorOf[what.organisation] == address(0)) revert ConsortiumHasNoValidator(what.organisation);
            if (_validatorOf[what.beneficiary] != address(0)) {
                revert ConsortiumValidatorTaken(_validatorOf[what.beneficiary]);
            }
        }
    }

    function _onlyRunning(uint256 id) private view returns (ProposalState state) {
        state = _stateOf(id);
        if (state != ProposalState.Open && state != ProposalState.Accepted) revert ConsortiumWrongState(id, state);
    }

    function _stateOf(uint256 id) private view returns (ProposalState) {
        Ballot storage ballot = _ballots[id];
        if (ballot.madeAt == 0) return ProposalState.None;
        if (ballot.executed) return ProposalState.Executed;
        if (ballot.withdrawn) return ProposalState.Withdrawn;
        if (block.timestamp > ballot.madeAt + _expiry) return ProposalState.Expired;
        return ballot.acceptedAt == 0 ? ProposalState.Open : ProposalState.Accepted;
    }
}
