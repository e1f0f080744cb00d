/** Typed access to the compiled AnchorRegistry. A test compares this ABI with the artefact's. */
import { Interface } from 'ethers'

export const anchorRegistryAbi = [
  'constructor(address firstRegistrar)',
  'function anchor(uint64 number, bytes32 previousRoot, bytes32 root)',
  'function head(address gateway) view returns (tuple(bool enrolled, uint64 number, uint64 time, bytes32 root))',
  'function enrol(address gateway)',
  'function retire(address gateway)',
  'function registrar() view returns (address)',
  'function candidate() view returns (address)',
  'function offerRegistrar(address to)',
  'function acceptRegistrar()',
  'event Anchored(address indexed gateway, uint64 indexed number, bytes32 previousRoot, bytes32 root)',
  'event GatewayEnrolled(address indexed gateway)',
  'event GatewayRetired(address indexed gateway)',
  'event RegistrarOffered(address indexed registrar, address indexed candidate)',
  'event RegistrarChanged(address indexed previousRegistrar, address indexed registrar)',
  'error AnchorRegistryNotEnrolled(address gateway)',
  'error AnchorRegistryAlreadyEnrolled(address gateway)',
  'error AnchorRegistryWrongNumber(address gateway, uint64 expected, uint64 given)',
  'error AnchorRegistryWrongPreviousRoot(address gateway, bytes32 expected, bytes32 given)',
  'error AnchorRegistryZeroRoot()',
  'error AnchorRegistryNotRegistrar(address caller)',
  'error AnchorRegistryNotCandidate(address caller)',
  'error AnchorRegistryZeroAddress()',
] as const

export const anchorRegistry = new Interface(anchorRegistryAbi)

/** Topic 0 of `Anchored`. */
export const ANCHORED_TOPIC: string = anchorRegistry.getEvent('Anchored')?.topicHash ?? ''

/** The custom error in a revert's data, e.g. `AnchorRegistryNotEnrolled`, or null where it is none of ours. */
export function revertName(data: string | undefined): string | null {
  if (!data || !/^0x[0-9a-f]{8}/i.test(data)) return null
  return anchorRegistry.parseError(data)?.name ?? null
}
