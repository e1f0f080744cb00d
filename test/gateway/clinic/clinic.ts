/** A receiver for tests: a temporary folder, its configuration, and gateways that check in as told. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type LoadedClinicConfig, loadClinicConfig } from '#gateway/clinic/config.js'
import type { CheckIn } from '#gateway/liveness/check-in.js'
import { newWebhookSecret, parseWebhookSecret, signatureHeaders } from '#gateway/platform/net/webhook-signature.js'

export class TestClinic {
  readonly folder = mkdtempSync(join(tmpdir(), 'homebeat-clinic-'))
  readonly dataDir = join(this.folder, 'data')
  readonly file = join(this.folder, 'clinic.yaml')

  /** @param parts laid over a quiet configuration on free ports with one webhook. */
  configure(parts: object = {}): LoadedClinicConfig {
    const quiet = {
      receiver: 'clinic-1',
      dataDir: './data',
      log: { level: 'silent' },
      listen: { port: 0 },
      page: { port: 0 },
      alerts: { channels: [{ type: 'webhook', name: 'duty', url: 'http://127.0.0.1:1/duty' }] },
    }
    writeFileSync(this.file, stringify({ ...quiet, ...parts }), { mode: 0o600 })
    return loadClinicConfig(this.file)
  }

  /** A secret file below the folder. @returns what it holds */
  secret(name: string): string {
    const text = newWebhookSecret()
    mkdirSync(this.folder, { recursive: true })
    writeFileSync(join(this.folder, name), text, { mode: 0o600 })
    return text
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const none = { high: 0, medium: 0, low: 0 }

export function checkInAt(now: number, sequence: number, change: Partial<CheckIn> = {}): CheckIn {
  return {
    type: 'homebeat-heartbeat',
    version: 1,
    home: 'home-1',
    sequence,
    sentAt: new Date(now).toISOString(),
    everySeconds: 60,
    state: 'running',
    healthy: true,
    reasons: [],
    software: '0.1.0',
    uptimeSeconds: 60,
    alerts: { physiological: none, technical: none },
    oldestSeconds: { fhir: null, alert: null, anchor: null },
    journal: 'ok',
    ...change,
  }
}

/** A signed request, as a gateway sends it. */
export function post(port: number, secret: string, checkIn: CheckIn, at: number): Promise<Response> {
  const body = JSON.stringify(checkIn)
  const headers = signatureHeaders(
    parseWebhookSecret(secret, 'a test'),
    `${checkIn.home}:${checkIn.sequence}`,
    at,
    body,
  )
  return fetch(`http://127.0.0.1:${port}/beat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}
