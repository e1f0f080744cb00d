import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Sends a request as it stands, which no client would write so. @param lines request line and headers. @returns the answer */
export function raw(port: number, lines: readonly string[], body = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n${body}`),
    )
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text
    })
    socket.on('error', reject).on('close', () => resolve(answer))
  })
}

/** Opens many connections that send this much and no more. @returns ends them */
export async function halfRequests(
  port: number,
  count: number,
  bytes: string,
): Promise<{ open: Socket[]; end(): void }> {
  const open: Socket[] = []
  for (let i = 0; i < count; i++) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}).resume()
    open.push(socket)
    await once(socket, 'connect')
    socket.write(bytes)
  }
  return { open, end: () => open.forEach((socket) => void socket.destroy()) }
}
