import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'

/** The calls that make a head leave. */
type Gate = 'writeHead' | 'write' | 'end' | 'flushHeaders'
const gates = ['writeHead', 'write', 'end', 'flushHeaders'] as const satisfies readonly Gate[]

/** The calls that change a head. */
const headChanges = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'] as const
const listenerCalls = ['on', 'once', 'addListener', 'off', 'removeListener'] as const

type AnyCall = (this: unknown, ...parameters: unknown[]) => unknown

/** Headers that describe the body that was dropped, and not the answer that takes its place. */
export const describesBody = /^(content-.*|etag|last-modified|cache-control|expires|location|accept-ranges|trailer|transfer-encoding)$/i

/** What the holder of a response is told. */
export interface Holding {
  /**
   * Called with the status before anything leaves.
   *
   * @returns What to wait for; `undefined` lets the answer go at once. A rejection drops the answer.
   */
  readonly before: (status: number) => Promise<void> | undefined
  /** Answers in place of the dropped answer: the framework's own way for errors. */
  readonly fail: (error: unknown) => void
}

/**
 * Holds back an answer until something is done: the first call that would make a byte leave is queued with all that come
 * after it, and replayed.
 *
 * It is the last moment before the client sees anything, below every hook, serializer and stream of every framework. While
 * it waits the response looks as if its head had left, so that nobody changes it.
 */
export function holdResponse(res: ServerResponse, { before, fail }: Holding): void {
  const found = new Map<Gate, { readonly call: AnyCall; readonly isOwn: boolean }>()
  const ours = new Map<Gate, AnyCall>()
  const queue: [gate: Gate, parameters: unknown[]][] = []
  const sources = new Set<{ unpipe(from: unknown): unknown; destroy(): unknown }>()
  let state: 'fresh' | 'held' | 'open' | 'dropped' = 'fresh'
  let unlock = (): void => {}

  for (const gate of gates) {
    const call = Reflect.get(res, gate) as AnyCall
    found.set(gate, { call, isOwn: Object.hasOwn(res, gate) })
    const ourCall: AnyCall = function (...parameters) {
      // What lies over ours decides on the head while it can: compression writes other bytes from then on.
      if (state === 'fresh' && gate === 'flushHeaders') res.writeHead(res.statusCode)
      if (state === 'fresh' || state === 'held') check(gate, parameters)
      if (state === 'fresh') begin(gate, parameters)
      if (state === 'open') return call.apply(res, parameters)
      // A compressor over ours still has bytes of the answer that was dropped; the one in its place does not come this way.
      if (state === 'dropped') return gate === 'write' ? true : gate === 'flushHeaders' ? undefined : res
      queue.push([gate, parameters])
      if (gate === 'writeHead' && typeof parameters[0] === 'number') res.statusCode = parameters[0]
      // False is the sign of a full buffer: a stream waits.
      return gate === 'write' ? false : gate === 'flushHeaders' ? undefined : res
    }
    ours.set(gate, ourCall)
    Reflect.set(res, gate, ourCall)
  }
  const onPipe = (source: { unpipe(from: unknown): unknown; destroy(): unknown }): unknown => sources.add(source)
  res.on('pipe', onPipe)

  function begin(gate: Gate, [first]: unknown[]): void {
    const status = gate === 'writeHead' && typeof first === 'number' ? first : res.statusCode
    const pending = before(status)
    if (!pending) {
      open()
      return
    }
    state = 'held'
    unlock = lock(res, () => queue.some(([held]) => held === 'end'))
    pending.then(replay, drop)
  }

  /** From now on calls go straight through; ours stay only under what others have put over them. */
  function open(): void {
    state = 'open'
    restore((gate) => Reflect.get(res, gate) === ours.get(gate))
  }

  function restore(which: (gate: Gate) => boolean): void {
    res.off('pipe', onPipe)
    for (const [gate, { call, isOwn }] of found) {
      if (!which(gate)) continue
      if (isOwn) Reflect.set(res, gate, call)
      else Reflect.deleteProperty(res, gate)
    }
  }

  function replay(): void {
    unlock()
    open()
    let hasRoom = true
    try {
      for (const [gate, parameters] of queue.splice(0)) {
        const result = found.get(gate)?.call.apply(res, parameters)
        if (gate === 'write') hasRoom = result !== false
      }
    } catch (error) {
      if (res.headersSent) res.destroy()
      else drop(error)
      return
    }
    wake(res, hasRoom)
  }

  function drop(error: unknown): void {
    queue.length = 0
    unlock()
    state = 'dropped'
    // Also what others have put over ours: once told that the answer has ended, they let no other one through.
    restore(() => true)
    for (const source of sources) source.unpipe(res)
    res.once('close', () => {
      for (const source of sources) source.destroy()
    })
    for (const name of res.getHeaderNames()) if (describesBody.test(name)) res.removeHeader(name)
    refuseSuccess(res)
    fail(error)
  }
}

/** Refuses at once what Node will refuse when it is replayed: then the caller is gone, and the commit done. */
function check(gate: Gate, parameters: readonly unknown[]): void {
  const [first, ...rest] = parameters
  if (gate === 'writeHead') {
    const status = Number(first)
    if (!(status >= 100 && status <= 999)) {
      throw Object.assign(new RangeError(`Invalid status code: ${String(first)}`), { code: 'ERR_HTTP_INVALID_STATUS_CODE' })
    }
    const headers = rest.find((each) => typeof each === 'object' && each !== null)
    if (headers && !Array.isArray(headers)) {
      for (const [name, value] of Object.entries(headers) as [string, string | string[]][]) {
        validateHeaderName(name)
        for (const each of [value].flat()) validateHeaderValue(name, each)
      }
    }
  } else if (gate !== 'flushHeaders' && typeof first === 'object' && first !== null && !(first instanceof Uint8Array)) {
    throw Object.assign(new TypeError(`A body is a string, a Buffer or a Uint8Array, and not ${typeof first}`), { code: 'ERR_INVALID_ARG_TYPE' })
  }
}

/** Listeners for 'drain' that came while the response was held, by response. */
const waiting = new WeakMap<ServerResponse, { readonly listener: AnyCall; readonly once: boolean }[]>()

/** Makes the response look as if its head had left. @returns Ends that. */
function lock(res: ServerResponse, hasEnded: () => boolean): () => void {
  const drains: { readonly listener: AnyCall; readonly once: boolean }[] = []
  waiting.set(res, drains)
  const undo: (() => void)[] = []
  const cover = (key: string, descriptor: PropertyDescriptor): void => {
    const before = Object.getOwnPropertyDescriptor(res, key)
    Object.defineProperty(res, key, { ...descriptor, configurable: true })
    undo.push(() => (before ? Object.defineProperty(res, key, before) : Reflect.deleteProperty(res, key)))
  }
  cover('headersSent', { get: () => true })
  cover('writableEnded', { get: hasEnded })
  for (const change of headChanges) {
    cover(change, {
      value: () => {
        throw Object.assign(new Error('Cannot change headers after they are sent to the client'), { code: 'ERR_HTTP_HEADERS_SENT' })
      },
    })
  }
  for (const name of listenerCalls) {
    const call = Reflect.get(res, name) as AnyCall
    cover(name, {
      value: (event: unknown, listener: AnyCall) => {
        if (event !== 'drain') return call.call(res, event, listener)
        const index = drains.findIndex((each) => each.listener === listener)
        if (name !== 'off' && name !== 'removeListener') drains.push({ listener, once: name === 'once' })
        else if (index >= 0) drains.splice(index, 1)
        else call.call(res, event, listener)
        return res
      },
    })
  }
  return () => {
    for (const restore of undo.reverse()) restore()
  }
}

/** Wakes who waits for room, or hands them to the response that has none. */
function wake(res: ServerResponse, hasRoom: boolean): void {
  const drains = waiting.get(res) ?? []
  waiting.delete(res)
  for (const { listener, once } of drains) {
    if (hasRoom) listener.call(res)
    if (!hasRoom && once) res.once('drain', listener)
    else if (!once) res.on('drain', listener)
  }
  if (hasRoom) res.emit('drain')
}

/** After a failed commit no status can say success, whatever the error handler of the application writes. */
function refuseSuccess(res: ServerResponse): void {
  const isHttp1 = 'statusMessage' in res && !('stream' in res)
  if (res.statusCode < 400) res.statusCode = 500
  if (isHttp1) res.statusMessage = ''
  const writeHead = Reflect.get(res, 'writeHead') as AnyCall
  Reflect.set(res, 'writeHead', (status: number, ...rest: unknown[]) =>
    status < 400 ? writeHead.call(res, 500, ...rest.filter((each) => typeof each !== 'string')) : writeHead.call(res, status, ...rest),
  )
}
