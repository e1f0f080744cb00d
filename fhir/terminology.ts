/**
 * What is observed, by which sensor, and how it is coded in FHIR R4: data, one row per Observable, pinned by its own test.
 * Where no verified code exists, the project's own code is used rather than a guessed standard one.
 */
import type { Coding } from '@medplum/fhirtypes'
import type { AbsentReason, BodyPosition, DataClass } from './measurement.js'
import { CODES, LOINC, MDC, SNOMED } from './systems.js'

export interface TerminologyRow {
  /** The kind of sensor that it is first asked of, by the name used in configuration, topics, status and statistics. */
  readonly sensor: string
  /** Standard codes first; a profile's fixed code is among them. */
  readonly codings: readonly Coding[]
  /** Further MDC code by the kind of sensor that measured it. */
  readonly mdcBySensor?: Readonly<Record<string, Coding>>
  /** The specialised type of a device that measures this alone; none: multi-function. */
  readonly device?: Coding
  readonly text: string
  /** R4 profile named in `meta.profile`. */
  readonly profile?: string
  readonly category: 'vital-signs' | 'procedure' | 'laboratory' | 'exam'
  readonly value: 'quantity' | 'bloodPressure' | 'position' | 'waveform'
  /** UCUM code of the value (of each component, of the waveform's origin); `null` where the value has none. */
  readonly unit: string | null
  /** Decimals kept in a quantity: more than the sensor's resolution, less than floating point noise. */
  readonly decimals: number
  readonly dataClass: DataClass
  /** Where the codes and the unit come from. */
  readonly source: string
}

const PROFILE = 'http://hl7.org/fhir/StructureDefinition/'
const loinc = (code: string, display: string): Coding => ({ system: LOINC, code, display })
const mdc = (code: string, display: string): Coding => ({ system: MDC, code, display })
const own = (code: string, display: string): Coding => ({ system: CODES.observable, code, display })

/** IEEE 11073-10101 device types (MDC_DEV_SPEC_PROFILE_*), as the HL7 Personal Health Device IG 2.0.0 lists them. */
export const DEVICE_TYPES = {
  gateway: mdc('531981', 'MDC_MOC_VMS_MDS_AHD'),
  multiFunction: mdc('528384', 'MDC_DEV_SPEC_PROFILE_HYDRA'),
  pulseOximeter: mdc('528388', 'MDC_DEV_SPEC_PROFILE_PULS_OXIM'),
  ecg: mdc('528390', 'MDC_DEV_SPEC_PROFILE_MIN_ECG'),
  bloodPressure: mdc('528391', 'MDC_DEV_SPEC_PROFILE_BP'),
  thermometer: mdc('528392', 'MDC_DEV_SPEC_PROFILE_TEMP'),
  glucose: mdc('528401', 'MDC_DEV_SPEC_PROFILE_GLUCOSE'),
  scale: mdc('528399', 'MDC_DEV_SPEC_PROFILE_SCALE'),
  respiration: mdc('528397', 'MDC_DEV_SPEC_PROFILE_RESP_RATE'),
} as const

const VITAL_SIGN = { category: 'vital-signs', value: 'quantity', dataClass: 'vital-signs' } as const
const WAVEFORM = { category: 'procedure', value: 'waveform', decimals: 0, dataClass: 'waveform' } as const
const EXAM = { category: 'exam', value: 'quantity', dataClass: 'activity' } as const

const ROWS = {
  pulseRate: {
    sensor: 'pulse',
    codings: [loinc('8867-4', 'Heart rate')],
    mdcBySensor: {
      pulse: mdc('149530', 'MDC_PULS_OXIM_PULS_RATE'),
      spo2: mdc('149530', 'MDC_PULS_OXIM_PULS_RATE'),
      bloodPressure: mdc('149546', 'MDC_PULS_RATE_NON_INV'),
      ecg: mdc('147842', 'MDC_ECG_HEART_RATE'),
    },
    text: 'Pulse rate',
    profile: `${PROFILE}heartrate`,
    ...VITAL_SIGN,
    unit: '/min',
    decimals: 1,
    device: DEVICE_TYPES.pulseOximeter,
    source: 'FHIR R4 heartrate profile (8867-4, /min fixed); IEEE 11073-10404, -10407, -10406',
  },
  oxygenSaturation: {
    sensor: 'spo2',
    codings: [
      loinc('2708-6', 'Oxygen saturation in Arterial blood'),
      loinc('59408-5', 'Oxygen saturation in Arterial blood by Pulse oximetry'),
      mdc('150456', 'MDC_PULS_OXIM_SAT_O2'),
    ],
    text: 'Oxygen saturation',
    profile: `${PROFILE}oxygensat`,
    ...VITAL_SIGN,
    unit: '%',
    decimals: 1,
    device: DEVICE_TYPES.pulseOximeter,
    source: 'FHIR R4 oxygensat profile (2708-6, % fixed; 59408-5 beside it); IEEE 11073-10404',
  },
  airflowWaveform: {
    sensor: 'airflow',
    codings: [own('airflowWaveform', 'Airflow waveform')],
    text: 'Airflow waveform',
    ...WAVEFORM,
    unit: '1',
    device: DEVICE_TYPES.respiration,
    source: 'project code: no verified standard code for an uncalibrated nasal thermistor signal',
  },
  respiratoryRate: {
    sensor: 'airflow',
    codings: [loinc('9279-1', 'Respiratory rate'), mdc('151562', 'MDC_RESP_RATE')],
    text: 'Respiratory rate',
    profile: `${PROFILE}resprate`,
    ...VITAL_SIGN,
    unit: '/min',
    decimals: 1,
    device: DEVICE_TYPES.respiration,
    source: 'FHIR R4 resprate profile (9279-1, /min fixed); IEEE 11073-10101',
  },
  bodyTemperature: {
    sensor: 'bodyTemperature',
    codings: [loinc('8310-5', 'Body temperature'), mdc('150364', 'MDC_TEMP_BODY')],
    text: 'Body temperature',
    profile: `${PROFILE}bodytemp`,
    ...VITAL_SIGN,
    unit: 'Cel',
    decimals: 2,
    device: DEVICE_TYPES.thermometer,
    source: 'FHIR R4 bodytemp profile (8310-5; Cel or [degF]); IEEE 11073-10408',
  },
  ecgWaveform: {
    sensor: 'ecg',
    codings: [loinc('11524-6', 'EKG study'), mdc('131328', 'MDC_ECG_ELEC_POTL')],
    text: 'ECG waveform',
    ...WAVEFORM,
    unit: 'V',
    device: DEVICE_TYPES.ecg,
    source: 'LOINC 11524-6; IEEE 11073-10406; mV where the recording is calibrated, else V at the input',
  },
  heartRate: {
    sensor: 'ecg',
    codings: [loinc('8867-4', 'Heart rate'), mdc('147842', 'MDC_ECG_HEART_RATE')],
    text: 'Heart rate from the ECG',
    profile: `${PROFILE}heartrate`,
    ...VITAL_SIGN,
    unit: '/min',
    decimals: 0,
    device: DEVICE_TYPES.ecg,
    source: 'FHIR R4 heartrate profile (8867-4, /min fixed); IEEE 11073-10406',
  },
  bloodGlucose: {
    sensor: 'glucose',
    codings: [
      loinc('41653-7', 'Glucose [Mass/volume] in Capillary blood by Glucometer'),
      mdc('160184', 'MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD'),
    ],
    text: 'Capillary blood glucose',
    category: 'laboratory',
    value: 'quantity',
    unit: 'mg/dL',
    decimals: 1,
    dataClass: 'laboratory',
    device: DEVICE_TYPES.glucose,
    source: 'LOINC 41653-7 (mg/dL; 14743-9 is the one in mmol/L); IEEE 11073-10417',
  },
  skinConductance: {
    sensor: 'gsr',
    codings: [own('skinConductance', 'Galvanic skin response')],
    text: 'Galvanic skin response',
    ...EXAM,
    unit: 'uS',
    decimals: 3,
    source: 'project code: neither LOINC nor MDC has one; UCUM uS',
  },
  skinConductanceLevel: {
    sensor: 'gsr',
    codings: [own('skinConductanceLevel', 'Skin conductance level')],
    text: 'Skin conductance level, median of a minute',
    ...EXAM,
    unit: 'uS',
    decimals: 2,
    source: 'project code: neither LOINC nor MDC has one; UCUM uS',
  },
  bloodPressure: {
    sensor: 'bloodPressure',
    codings: [
      loinc('85354-9', 'Blood pressure panel with all children optional'),
      mdc('150020', 'MDC_PRESS_BLD_NONINV'),
    ],
    text: 'Blood pressure',
    profile: `${PROFILE}bp`,
    category: 'vital-signs',
    value: 'bloodPressure',
    unit: 'mm[Hg]',
    decimals: 1,
    dataClass: 'vital-signs',
    device: DEVICE_TYPES.bloodPressure,
    source:
      'FHIR R4 bp profile (85354-9; components 8480-6, 8462-4, mm[Hg] fixed); 8478-0 beside them; IEEE 11073-10407; SNOMED CT 61086009',
  },
  bodyPosition: {
    sensor: 'position',
    codings: [loinc('8361-8', 'Body position with respect to gravity')],
    text: 'Body position',
    category: 'exam',
    value: 'position',
    unit: null,
    decimals: 0,
    dataClass: 'activity',
    source: 'LOINC 8361-8; values SNOMED CT',
  },
  emgWaveform: {
    sensor: 'emg',
    codings: [own('emgWaveform', 'EMG waveform')],
    text: 'EMG waveform',
    ...WAVEFORM,
    unit: 'V',
    source: 'project code: no verified standard code for a surface EMG waveform',
  },
  emgEnvelope: {
    sensor: 'emg',
    codings: [own('emgEnvelope', 'EMG envelope')],
    text: 'EMG envelope at the amplifier’s output',
    ...EXAM,
    unit: 'mV',
    decimals: 1,
    source: 'project code: no verified standard code for a surface EMG envelope; UCUM mV',
  },
  bodyWeight: {
    sensor: 'bodyWeight',
    codings: [loinc('29463-7', 'Body weight'), mdc('188736', 'MDC_MASS_BODY_ACTUAL')],
    text: 'Body weight',
    profile: `${PROFILE}bodyweight`,
    ...VITAL_SIGN,
    unit: 'kg',
    decimals: 2,
    device: DEVICE_TYPES.scale,
    source: 'FHIR R4 bodyweight profile (29463-7; kg, g or [lb_av]); IEEE 11073-10415',
  },
} as const satisfies Readonly<Record<string, TerminologyRow>>

/** What is observed: the name of a row. A sensor can yield several (airflow: waveform and rate). */
export type Observable = keyof typeof ROWS
export type SensorKind = (typeof ROWS)[Observable]['sensor']

export const TERMINOLOGY: Readonly<Record<Observable, TerminologyRow & { readonly sensor: SensorKind }>> = ROWS

/** Components of a blood pressure: FHIR R4 bp profile; IEEE 11073-10407. */
export const BLOOD_PRESSURE_COMPONENTS = {
  systolic: {
    codings: [loinc('8480-6', 'Systolic blood pressure'), mdc('150021', 'MDC_PRESS_BLD_NONINV_SYS')],
    text: 'Systolic blood pressure',
  },
  diastolic: {
    codings: [loinc('8462-4', 'Diastolic blood pressure'), mdc('150022', 'MDC_PRESS_BLD_NONINV_DIA')],
    text: 'Diastolic blood pressure',
  },
  mean: {
    codings: [loinc('8478-0', 'Mean blood pressure'), mdc('150023', 'MDC_PRESS_BLD_NONINV_MEAN')],
    text: 'Mean blood pressure',
  },
  irregularPulse: {
    codings: [{ system: SNOMED, code: '61086009', display: 'Pulse irregular' }],
    text: 'Irregular pulse during the measurement, as the cuff says',
  },
} as const

/**
 * SNOMED CT codes of the positions. Upright has none: 10904000 (standing) and 33586001 (sitting) are narrower than what
 * the sensor knows, so it is text only. `undefined` is not a position: see `dataAbsentReason`.
 */
export const POSITIONS: Readonly<Record<Exclude<BodyPosition, 'undefined'>, { coding?: Coding; text: string }>> = {
  supine: { coding: { system: SNOMED, code: '40199007', display: 'Supine body position' }, text: 'Supine' },
  prone: { coding: { system: SNOMED, code: '1240000', display: 'Prone body position' }, text: 'Prone' },
  'left-lateral': { coding: { system: SNOMED, code: '102536004' }, text: 'Lying on the left side' },
  'right-lateral': { coding: { system: SNOMED, code: '102535000' }, text: 'Lying on the right side' },
  upright: { text: 'Standing or sitting' },
}

/** Displays of http://terminology.hl7.org/CodeSystem/data-absent-reason (R4). */
export const ABSENT_REASONS: Readonly<Record<AbsentReason, string>> = {
  unknown: 'Unknown',
  error: 'Error',
  'not-performed': 'Not Performed',
  'temp-unknown': 'Temporarily Unknown',
}

/** Displays of http://terminology.hl7.org/CodeSystem/observation-category (R4). */
export const CATEGORIES: Readonly<Record<TerminologyRow['category'], string>> = {
  'vital-signs': 'Vital Signs',
  procedure: 'Procedure',
  laboratory: 'Laboratory',
  exam: 'Exam',
}
