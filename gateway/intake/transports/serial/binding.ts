/**
 * What a serialport binding must offer: the part of node-serialport's BindingInterface that is used here (its own
 * types cannot be imported by an ES module). The native binding and its mock fit; a simulated kit may.
 */
export interface SerialBinding {
  open(options: { path: string; baudRate: number }): Promise<SerialBindingPort>
  list(): Promise<unknown[]>
}

export interface SerialBindingPort {
  readonly isOpen: boolean
  /** Pending reads and writes must then reject with an error that has `canceled: true`. */
  close(): Promise<void>
  /** Resolves with at least one byte. */
  read: (buffer: Buffer, offset: number, length: number) => Promise<{ buffer: Buffer; bytesRead: number }>
  write(buffer: Buffer): Promise<void>
  update(options: { baudRate: number }): Promise<void>
  set(options: object): Promise<void>
  get(): Promise<object>
  getBaudRate(): Promise<{ baudRate: number }>
  flush(): Promise<void>
  drain(): Promise<void>
}
