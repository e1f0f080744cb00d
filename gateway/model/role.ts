import type { AlertKind, Priority } from '#gateway/model/alert.js'

export const ROLES = ['doctor', 'nurse', 'caregiver', 'family', 'technician'] as const
export type Role = (typeof ROLES)[number]

/** What a role is told of where the contact does not say. This project's own defaults; every one can be set. */
export const ROLE_INTERESTS: Readonly<Record<Role, { kinds: readonly AlertKind[]; priorities: readonly Priority[] }>> =
  {
    doctor: { kinds: ['physiological'], priorities: ['high', 'medium'] },
    nurse: { kinds: ['physiological', 'technical'], priorities: ['high', 'medium'] },
    caregiver: { kinds: ['physiological', 'technical'], priorities: ['high', 'medium', 'low'] },
    family: { kinds: ['physiological'], priorities: ['high'] },
    technician: { kinds: ['technical'], priorities: ['high', 'medium', 'low'] },
  }
