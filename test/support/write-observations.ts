/** Writes the golden Observations anew (`npm run fixtures:fhir`). Read the difference: the file is only as good as its reader. */
import { writeFileSync } from 'node:fs'
import { OBSERVABLES } from '#fhir/measurement.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { context, sample } from '#test/fhir/sample-measurements.js'

const made = OBSERVABLES.map((observable) => observationOf(sample(observable), context))
writeFileSync('test/fixtures/fhir/observations.json', `${JSON.stringify(made, null, 2)}\n`)
