/** Acts on alarms at the gateway. Resolves with a sentence for people, whatever becomes of it. */
import type { PauseReason } from '../../../../model/not-monitored.js'

export async function acknowledge(alertId: string, by: string): Promise<string> {
  const answer = await post('acknowledge', { alerts: [alertId], by })
  if ('error' in answer) return answer.error
  return answer.done.length > 0 ? 'Acknowledged. The others are told.' : 'Somebody else has been quicker.'
}

export async function silence(alertId: string, minutes: number, by: string): Promise<string> {
  const answer = await post('silence', { alerts: [alertId], minutes, by })
  if ('error' in answer) return answer.error
  return answer.done.length > 0
    ? `Silenced for ${minutes} minutes. It is not acknowledged: others are still told.`
    : 'It has been acknowledged meanwhile.'
}

/** @returns a sentence */
export async function pause(reason: PauseReason, minutes: number, by: string): Promise<string> {
  const answer = await post('pause', { reason, minutes, by })
  return 'error' in answer ? answer.error : 'Nobody is monitored from now on. It ends by itself when signals return.'
}

export async function resume(by: string): Promise<string> {
  const answer = await post('resume', { by })
  return 'error' in answer ? answer.error : 'The person is monitored again.'
}

async function post(act: string, body: object): Promise<{ done: string[] } | { error: string }> {
  try {
    const response = await fetch(`/api/alarms/${act}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    })
    const answer = (await response.json()) as { done: string[] } | { error: string }
    return 'done' in answer || 'error' in answer ? answer : { error: NOT_REACHED }
  } catch {
    return { error: NOT_REACHED }
  }
}

const NOT_REACHED = 'The gateway did not answer: try again.'
