/** `mappings` and `unmapped`: other people's MQTT messages. */
import { z } from 'zod'

/** Mapping files for other people's MQTT messages; the shipped templates are always there (gateway/intake/mapping/). */
export const mappingsConfig = z.array(z.string().min(1).max(500)).max(20).default([])

/** Room, for each device, for messages that no mapping reads. */
export const unmappedConfig = z
  .strictObject({
    maxMessages: z.number().int().min(1).max(1_000_000).default(10_000),
    maxMebibytes: z.number().int().min(1).max(4096).default(64),
  })
  .prefault({})
