/**
 * What a receiver at another baud rate makes of a byte on the wire: the bit levels, sampled at the receiver's rate.
 * A frame without its stop bit (framing error) is read as 00, as a Linux serial port gives it.
 */
export function garble(byte: number, fromBaud: number, toBaud: number): number[] {
  const bits = [0, ...Array.from({ length: 8 }, (_, i) => (byte >> i) & 1), 1]
  const level = (t: number) => bits[Math.floor(t * fromBaud + 1e-9)] ?? 1
  const received: number[] = []
  let free = 0
  for (let i = 0; i < bits.length; i++) {
    const edge = i / fromBaud
    const falls = bits[i] === 0 && (i === 0 || bits[i - 1] === 1)
    if (!falls || edge < free) continue
    let value = 0
    for (let bit = 0; bit < 8; bit++) value |= level(edge + (bit + 1.5) / toBaud) << bit
    received.push(level(edge + 9.5 / toBaud) === 1 ? value : 0)
    free = edge + 9.5 / toBaud
  }
  return received
}

/** A UART follows a rate that is off by a few percent: 115200 from a 16 MHz crystal is 117647. */
export function sameRate(a: number, b: number): boolean {
  return Math.abs(a / b - 1) < 0.04
}
