import { AsyncLocalStorage } from 'node:async_hooks'

/** Header by which the client of a test says to which sandboxes its request belongs: ids, with commas between them. */
export const sandboxHeader = 'alchemy-sandbox'

/** Shared by all copies of this package in the process, as the scopes are. */
const sharedKey = Symbol.for('active-alchemy.sandboxes.v1')
interface Shared {
  readonly storage: AsyncLocalStorage<readonly string[]>
  /** Ids of the sandboxes that are open; while there are none, nothing is asked for them. */
  readonly open: Set<string>
}
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else uses the key
const { storage, open } = ((globalThis as { [sharedKey]?: Shared })[sharedKey] ??= { storage: new AsyncLocalStorage(), open: new Set() })

const none: readonly string[] = []

/** Notes a sandbox that opens; the calling code, and what it calls from now on, belongs to it. */
export function enterSandbox(id: string): void {
  open.add(id)
  // A test has no function around it that could be run in a context.
  storage.enterWith([...(storage.getStore() ?? none).filter((each) => open.has(each)), id])
}

/** Notes that a sandbox has ended. */
export function leaveSandbox(id: string): void {
  open.delete(id)
}

/** Sandboxes that the calling code belongs to, of whatever database; the nearest last. */
export function sandboxesHere(): readonly string[] {
  return open.size === 0 ? none : (storage.getStore() ?? none)
}

/** Sandboxes that a header names; none while none are open, whatever a client sends. */
export function sandboxesOf(header: string | string[] | undefined): readonly string[] {
  return open.size === 0 || header === undefined ? none : String(header).split(/\s*,\s*/)
}

/** Runs `work`, and what it calls later on, as a part of sandboxes. */
export function runInSandboxes<T>(ids: readonly string[], work: () => T): T {
  return storage.run(ids, work)
}
