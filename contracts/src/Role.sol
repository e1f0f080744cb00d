// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice What an account is in the consortium. Organisations are admitted by vote; all others are enrolled by a hospital.
/// @dev Hospitals vote and may run a validator. Gateway to Relative belong to a patient's pseudonym.
enum Role {
    None,
    Hospital,
    Insurer,
    ResearchInstitute,
    Practitioner,
    Nurse,
    Pharmacist,
    Gateway,
    PatientKey,
    PatientPhone,
    HospitalDevice,
    Relative,
    Relayer,
    Aggregator,
    Witness
}

/// @notice Admitted and expelled by vote.
function isOrganisation(Role role) pure returns (bool) {
    return role >= Role.Hospital && role <= Role.ResearchInstitute;
}

/// @notice Enrolled for one pseudonym of a patient.
function hasSubject(Role role) pure returns (bool) {
    return role >= Role.Gateway && role <= Role.Relative;
}
