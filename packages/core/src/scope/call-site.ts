const here = /^\s*at (?:.*\()?(?:file:\/\/)?(.*\/)scope\/call-site\.[jt]s:\d+/m

/**
 * Folder of this package, as stacks name it; none where a bundle has put it into the application's own file. Not by `import.meta`:
 * what makes CommonJS of the package for jest has none.
 */
function ownFolder(): readonly string[] {
  const folder = here.exec((new Error('here').stack ?? '').replaceAll('\\', '/'))?.[1]
  return folder === undefined ? [] : [folder]
}

/** Folders whose code is not the application's: this package, its adapters, TypeORM and Node.js. */
const ours = [...ownFolder(), '/node_modules/@active-alchemy/', '/node_modules/typeorm/', 'node:', '<anonymous>']

/** Calls of ours that may stand before the application's. */
const depth = 30

/** Stacks cost time: in production they are taken only once there has been something to tell. */
let isWanted = process.env['NODE_ENV'] !== 'production'

/**
 * Where the application called the library; read only when it is told.
 *
 * @example
 * String(callSite())  // a place: src/orders.ts:12:5
 */
export class CallSite {
  declare readonly stack?: string

  constructor() {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = depth
    Error.captureStackTrace(this, CallSite)
    Error.stackTraceLimit = stackTraceLimit
  }

  /** File, line and column of the application's own code; empty where none is known. */
  toString(): string {
    const lines = (this.stack ?? '').replaceAll('\\', '/').split('\n').slice(1)
    const line = lines.find((each) => !ours.some((folder) => each.includes(folder))) ?? ''
    return line
      .trim()
      .replace(/^at (?:async )?(?:.*\()?(?:file:\/\/)?/, '')
      .replace(/\)$/, '')
  }
}

/** The call site of who calls this, where such are taken. */
export function callSite(): CallSite | undefined {
  return isWanted ? new CallSite() : undefined
}

/** Takes call sites from now on, in production as well. */
export function wantCallSites(): void {
  isWanted = true
}
