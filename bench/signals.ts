/**
 * What reading signals costs: CPU µs per second of signal, beside a bare loop that copies the samples, on a virtual
 * patient: one ECG lead at the kit's three rates, and the pipeline's whole analysis of one home.
 *
 * npm run bench:signals [-- --json] [-- --minutes 10]
 */
import { createPatient } from '#simulators/patient/patients.js'
import { measureCost } from './ecg/cost.js'
import { measureHome } from './signals/home.js'

const json = process.argv.includes('--json')
const at = process.argv.indexOf('--minutes')
const minutes = at > 0 ? Number(process.argv[at + 1]) : 10

const ecg = [125, 250, 500].map((rateHz) => {
  const patient = createPatient({ script: 'irregular-rhythm', seed: 1 })
  const samples = Array.from({ length: minutes * 60 * rateHz }, (_, i) =>
    Math.round((patient.ecg((i * 1000) / rateHz) * 1023) / 5),
  )
  const reference = { beats: [], flutter: [], rhythms: [] }
  const record = {
    name: 'virtual',
    rateHz,
    samples,
    lowest: 0,
    highest: 1023,
    countsPerMillivolt: undefined,
    reference,
  }
  return { rateHz, ...measureCost(record) }
})
const home = { ecg: measureHome('ecg', minutes), emg: measureHome('emg', minutes) }
if (json) console.log(JSON.stringify({ ecg, home }))
else {
  console.log('ECG Hz   µs CPU per s   bare copy   ratio   share of one core, one home')
  for (const { rateHz, usPerSecond, baselineUsPerSecond, ratio, corePercent } of ecg) {
    console.log(
      `${String(rateHz).padStart(6)}${String(usPerSecond).padStart(15)}${String(baselineUsPerSecond).padStart(12)}${ratio.toFixed(0).padStart(8)}   ${corePercent} %`,
    )
  }
  console.log('home, all analysers')
  for (const [mode, { usPerSecond, baselineUsPerSecond, ratio, corePercent }] of Object.entries(home)) {
    console.log(
      `${mode.padStart(6)}${String(usPerSecond).padStart(15)}${String(baselineUsPerSecond).padStart(12)}${ratio.toFixed(0).padStart(8)}   ${corePercent} %`,
    )
  }
}
