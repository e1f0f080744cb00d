import { PULSE_ECG_DISAGREE, PULSE_ECG_TEXT } from '#gateway/signals/pulse-agreement.js'

/**
 * What a person is told, where the condition's name alone is not enough: what was seen and where to look, never a
 * diagnosis. Lower case, to stand in a sentence.
 */
export const CONDITION_WORDS: Readonly<Record<string, string>> = {
  asystole: 'no heart beat seen: look at the patient, then at the electrodes',
  'ecg-pause': 'pause between heart beats: review the ECG',
  'irregular-rhythm': 'irregular rhythm: review the ECG',
  'suspected-fall': 'suspected fall, not recovered: look at the patient',
  [PULSE_ECG_DISAGREE]: PULSE_ECG_TEXT,
}
