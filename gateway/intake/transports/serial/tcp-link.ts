import { connect } from 'node:net'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { describeAddress, type SerialAddress } from './address.js'
import type { Link, LinkDependencies } from './link.js'
import { explainPortError } from './port-errors.js'

const CONNECT_TIMEOUT_MS = 10_000
/** The kit sends several lines a second: a bridge that is silent for so long has gone without saying so. */
const SILENCE_MS = 60_000

type TcpAddress = Extract<SerialAddress, { kind: 'tcp' }>

/** A serial bridge (ser2net, raw). @throws HomebeatError `serial.refused`, `serial.not-found`, `serial.unreachable`, `serial.unusable` */
export async function openTcp(
  address: TcpAddress,
  dependencies: LinkDependencies,
  signal?: AbortSignal,
): Promise<Link> {
  const where = describeAddress(address)
  const socket = connect({ host: address.host, port: address.port, noDelay: true })
  socket.setKeepAlive(true, 10_000)
  let failure: HomebeatError | null = null
  const closed = new Promise<HomebeatError | null>((resolve) => {
    socket.on('error', (error) => {
      failure ??= explainPortError(error, where)
    })
    socket.once('close', () => resolve(failure))
  })
  const giveUp = () => socket.destroy()
  const cancelTimeout = dependencies.clock.after(CONNECT_TIMEOUT_MS, () => {
    failure = explainPortError({ code: 'ETIMEDOUT' }, where)
    socket.destroy()
  })
  signal?.addEventListener('abort', giveUp, { once: true })
  if (signal?.aborted) giveUp()
  const connected = new Promise<true>((resolve) => socket.once('connect', () => resolve(true)))
  const outcome = await Promise.race([connected, closed])
  cancelTimeout()
  signal?.removeEventListener('abort', giveUp)
  if (outcome !== true)
    throw (
      outcome ?? new HomebeatError('serial.refused', `${where} closed the connection at once`, { retry: 'transient' })
    )

  const stopWatching = watchSilence(
    dependencies.clock,
    (heard) => socket.on('data', heard),
    () => {
      failure ??= new HomebeatError('serial.silent', `${where} sent nothing for ${SILENCE_MS / 1000} s`, {
        retry: 'transient',
      })
      socket.destroy()
    },
  )
  void closed.then(stopWatching)
  return {
    where,
    stream: socket,
    closed,
    async close() {
      socket.destroy()
      await closed
    },
  }
}

/** One timer whatever the data rate: it looks back instead of being set again with each chunk. */
function watchSilence(clock: Clock, listen: (heard: () => void) => void, silent: () => void): () => void {
  let lastHeard = clock.monotonic()
  let cancel = () => {}
  listen(() => {
    lastHeard = clock.monotonic()
  })
  const check = () => {
    const left = lastHeard + SILENCE_MS - clock.monotonic()
    if (left <= 0) silent()
    else cancel = clock.after(left, check)
  }
  check()
  return () => cancel()
}
