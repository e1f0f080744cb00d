import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const OPENSSL = '/usr/bin/openssl'

/** Leaves out a suite (`function` hook) where no certificate can be made. */
export function needsOpenssl(hook: Mocha.Context): void {
  if (existsSync(OPENSSL)) return
  const suite = hook.runnable().parent
  if (suite) suite.title += ' (skipped: openssl is not installed)'
  hook.skip()
}

/** Makes a certificate for 127.0.0.1 and localhost that is its own authority, in PEM files. */
export function selfSigned(folder: string, name = 'server'): { readonly key: string; readonly certificate: string } {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync(OPENSSL, ['req', '-x509', ...made, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  return { key, certificate }
}
