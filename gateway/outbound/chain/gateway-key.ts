/** The gateway's secp256k1 key signs batches and sends their anchors. Its address is the gateway's name on the chain. */
import { SigningKey, Wallet } from 'ethers'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readOrCreateSecret } from '#gateway/platform/secrets/create-secret.js'

/**
 * Loads the key file (64 hex digits, mode 0600), or makes a new key where there is none. The credential
 * `homebeat-gateway-key` takes the place of the file where the service manager hands one over.
 * @returns a Wallet without a provider: `address`, `signingKey`, `signTransaction`
 * @throws HomebeatError `gateway-key.format`, `secret.*`
 */
export async function loadOrCreateGatewayKey(path: string): Promise<Wallet> {
  const text = await readOrCreateSecret(path, () => Wallet.createRandom().privateKey.slice(2), 'homebeat-gateway-key')
  const hex = text.replace(/^0x/, '')
  if (!/^[0-9a-fA-F]{64}$/.test(hex)) throw wrongFormat(path)
  try {
    return new Wallet(new SigningKey(`0x${hex}`))
  } catch {
    // No cause: the library's message would hold the key.
    throw wrongFormat(path)
  }
}

function wrongFormat(path: string): HomebeatError {
  return new HomebeatError(
    'gateway-key.format',
    `The gateway's key file ${path} does not hold 64 hex digits: restore it from its backup. A new key is a new gateway.`,
  )
}
