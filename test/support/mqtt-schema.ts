/** Writes docs/mqtt.schema.json anew; a test says when that is due. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mqttContractSchema } from '#gateway/intake/decode/mqtt-schema.js'
import { packageRoot } from '#gateway/platform/package-root.js'

writeFileSync(join(packageRoot, 'docs', 'mqtt.schema.json'), `${JSON.stringify(mqttContractSchema(), null, 2)}\n`)
