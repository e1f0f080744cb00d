import type { VirtualBoard } from './board.js'

const REACTION_MS = 300
const STATE_LINE = /!S,[0-9A-F]{4},[0-9A-F]{8},(ecg|emg),/g

/**
 * A caregiver who watches the kit: when its `S` line says another mode than the jumper is set to, they move the jumper,
 * 300 virtual milliseconds later. Returns a function that sends them away.
 */
export function followMode(board: VirtualBoard): () => void {
  let tail = ''
  let wanted: string | undefined
  return board.onSerial((bytes) => {
    tail = `${tail}${Buffer.from(bytes).toString('latin1')}`.slice(-256)
    const mode = [...tail.matchAll(STATE_LINE)].at(-1)?.[1]
    if (mode !== 'ecg' && mode !== 'emg') return
    if (mode === wanted) return
    wanted = mode
    if (mode !== board.jumper) board.after(REACTION_MS, () => board.moveJumper(mode))
  })
}
