import { createHash, createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { readBounded } from '#gateway/platform/bounded-file.js'
import { type ConfigProblem, refusalOf } from '#gateway/platform/config-grammar.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { writePrivateFile } from '#gateway/platform/secrets/private-file.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'

const MAX_CERTIFICATE_BYTES = 256 * 1024
/** Fixed: a Pi has no clock until it has a network, and devices pin the certificate itself. UTCTime ends in 2049. */
const VALID = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-12-31T23:59:59Z') }

/** TLS 1.2 or newer, and only suites that authenticate what they encrypt: none with CBC. */
export const TLS_PROTOCOL = {
  minVersion: 'TLSv1.2',
  ciphers: [
    ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
    ...['ECDSA', 'RSA'].flatMap((key) =>
      ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].map((suite) => `ECDHE-${key}-${suite}`),
    ),
  ].join(':'),
} as const

export interface TlsFiles {
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly caFile?: string | undefined
}

export interface Identity {
  /** PEM, the server's own certificate first. */
  readonly cert: string
  readonly key: string
}

/** The fingerprint by which people compare certificates: SHA-256 of the DER form, as `AB:CD:…`. */
export function fingerprintOf(pem: string): string {
  const { raw } = new X509Certificate(pem)
  return (createHash('sha256').update(raw).digest('hex').toUpperCase().match(/../g) ?? []).join(':')
}

/** @throws HomebeatError `config.certificate` when the files cannot be read or do not belong together */
export function readIdentity(certFile: string, keyFile: string): Identity {
  const cert = readCertificate(certFile)
  const key = readPrivateKey(keyFile)
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    throw new HomebeatError('config.certificate', `${keyFile} is not the key of the certificate ${certFile}.`, {
      cause,
    })
  }
  return { cert, key }
}

function readPrivateKey(file: string): string {
  try {
    const key = readSecret(file)
    createPrivateKey(key)
    return key
  } catch (cause) {
    if (cause instanceof HomebeatError) throw new HomebeatError('config.certificate', cause.message, { cause })
    throw new HomebeatError('config.certificate', `${file} is no private key without a password, in PEM.`, { cause })
  }
}

/**
 * @param uses the paths of maps that name PEM files under `certFile`, `keyFile`, `caFile`
 * @returns a problem for each that cannot be used
 */
export function certificateProblems(
  absolute: (file: string) => string,
  uses: readonly (TlsFiles & { readonly path: readonly PropertyKey[] })[],
): ConfigProblem[] {
  const at = (path: readonly PropertyKey[], key: keyof TlsFiles, message: string | null): ConfigProblem[] =>
    message === null ? [] : [{ path: [...path, key], message }]
  return uses.flatMap(({ path, certFile, keyFile, caFile }) => {
    const [cert, key, ca] = [certFile, keyFile, caFile].map((file) => (file === undefined ? null : absolute(file)))
    const certProblem = cert ? refusalOf(() => readCertificate(cert)) : null
    const keyProblem = key ? refusalOf(() => readPrivateKey(key)) : null
    const pair = cert && key && !certProblem && !keyProblem ? refusalOf(() => readIdentity(cert, key)) : null
    return [
      ...at(path, 'certFile', certProblem),
      ...at(path, 'keyFile', keyProblem ?? pair),
      ...at(path, 'caFile', ca ? refusalOf(() => readCertificate(ca)) : null),
    ]
  })
}

/** Certificates in PEM. @throws HomebeatError `config.certificate` */
export function readCertificate(file: string): string {
  try {
    const pem = readBounded(file, MAX_CERTIFICATE_BYTES)?.toString() ?? ''
    new X509Certificate(pem)
    return pem
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'this user may not read it'
          : 'it holds no certificate in PEM'
    throw new HomebeatError('config.certificate', `The certificate ${file} cannot be used: ${why}.`, { cause })
  }
}

/** Where the gateway keeps the certificate that it makes for itself. */
export const ownCertificate = (dataDir: string) => ({
  certFile: join(dataDir, 'keys', 'mqtt.crt'),
  keyFile: join(dataDir, 'keys', 'mqtt.key'),
})

/** The files of the configuration, or the gateway's own, made on first use. @throws HomebeatError `config.certificate` */
export async function brokerIdentity(
  tls: TlsFiles | undefined,
  baseDir: string,
  dataDir: string | null,
): Promise<Identity> {
  if (tls?.certFile !== undefined && tls.keyFile !== undefined)
    return readIdentity(resolve(baseDir, tls.certFile), resolve(baseDir, tls.keyFile))
  if (dataDir === null)
    throw new HomebeatError(
      'config.certificate',
      'an encrypted broker needs transports[].tls with certFile and keyFile.',
    )
  const { certFile, keyFile } = ownCertificate(dataDir)
  if (!existsSync(keyFile) || !existsSync(certFile)) {
    const made = await makeIdentity(namesOfThisHost())
    // The certificate last: a power cut in between leaves a key that nobody has pinned, and both are made anew.
    writePrivateFile(keyFile, made.key)
    writePrivateFile(certFile, made.cert)
  }
  return readIdentity(certFile, keyFile)
}

export interface HostNames {
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

/** The names and addresses by which devices may call this machine. */
export function namesOfThisHost(): HostNames {
  const name = hostname().toLowerCase()
  const names = [name, ...(name.includes('.') ? [] : [`${name}.local`]), 'localhost']
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    // Link-local ones need a scope, which a certificate cannot name.
    .filter(({ address }) => !address.startsWith('fe80:'))
    .map(({ address }) => address)
  return { names: [...new Set(names)], addresses: [...new Set(['127.0.0.1', '::1', ...addresses])] }
}

/** A P-256 key and a certificate signed by itself, for a server of these names (RFC 5280). */
export async function makeIdentity({ names, addresses }: HostNames): Promise<Identity> {
  // Loaded here because it is large and needed once in the life of a gateway.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${names[0]?.replace(/[^a-z0-9.-]/g, '') || 'homebeat'}`,
      keys,
      signingAlgorithm: algorithm,
      ...VALID,
      extensions: [
        // Those that pin the certificate trust it as their anchor; it cannot vouch for another one.
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          ...names.map((value) => ({ type: 'dns' as const, value })),
          ...addresses.map((value) => ({ type: 'ip' as const, value })),
        ]),
      ],
    },
    webcrypto,
  )
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const key = `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`
  return { cert: `${certificate.toString('pem')}\n`, key }
}
