/** Access to the compiled AnchorRegistry. */
import { Interface, type InterfaceAbi } from 'ethers'
import artifact from './artifacts/AnchorRegistry.json' with { type: 'json' }

export const anchorRegistryAbi: InterfaceAbi = artifact.abi

export const anchorRegistry = new Interface(anchorRegistryAbi)

/** Topic 0 of `Anchored`. */
export const ANCHORED_TOPIC: string = anchorRegistry.getEvent('Anchored')?.topicHash ?? ''

/** The custom error in a revert's data, e.g. `AnchorRegistryNotEnrolled`, or null where it is none of ours. */
export function revertName(data: string | undefined): string | null {
  if (!data || !/^0x[0-9a-f]{8}/i.test(data)) return null
  return anchorRegistry.parseError(data)?.name ?? null
}
