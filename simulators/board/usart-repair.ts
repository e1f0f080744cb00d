import { type CPU, usart0Config } from 'avr8js'

const RXC = 0x80
const UDRE = 0x20
const RXEN = 0x10
const RXCIE = 0x80

/**
 * avr8js forgets a received byte when UCSR0B is written, and that the data register is empty when UCSR0A is written.
 * The real part does neither (ATmega328P datasheet, 19.10.2 and 19.10.3): RXC falls when UDR0 is read or the receiver
 * is switched off.
 */
export function repairUsart(cpu: CPU): void {
  const received = {
    address: usart0Config.rxCompleteInterrupt,
    flagRegister: usart0Config.UCSRA,
    flagMask: RXC,
    enableRegister: usart0Config.UCSRB,
    enableMask: RXCIE,
    constant: true,
  }
  const { UCSRA, UCSRB } = usart0Config
  const writeA = cpu.writeHooks[UCSRA]
  const writeB = cpu.writeHooks[UCSRB]
  if (!writeA || !writeB) return
  cpu.writeHooks[UCSRA] = (value, old, addr, mask) => {
    const kept = (cpu.data[UCSRA] as number) & (RXC | UDRE)
    const done = writeA(value, old, addr, mask)
    cpu.data[UCSRA] = (cpu.data[UCSRA] as number) | kept
    return done
  }
  cpu.writeHooks[UCSRB] = (value, old, addr, mask) => {
    const pending = ((cpu.data[UCSRA] as number) & RXC) !== 0
    const done = writeB(value, old, addr, mask)
    if (pending && value & RXEN) cpu.setInterruptFlag(received)
    else cpu.clearInterrupt(received)
    return done
  }
}
