import type { z } from 'zod'

/** Something a person on this machine may tell a running gateway. Names are `<noun>.<verb>`, e.g. `queue.retry`. */
export interface ControlCommand {
  readonly name: string
  readonly input: z.ZodType
  /** @param input as `input` parsed it. What it returns must survive JSON. Throws HomebeatError for what people can mend. */
  readonly run: (input: never) => unknown
}

/** Ties a command's action to the type that its schema gives. */
export function command<Schema extends z.ZodType>(
  name: string,
  input: Schema,
  run: (input: z.output<Schema>) => unknown,
): ControlCommand {
  return { name, input, run: run as ControlCommand['run'] }
}
