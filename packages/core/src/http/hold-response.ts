import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Gate, isHttp1, Rehearsal } from './rehearsal.js'
import { isError } from '../errors.js'

/** The calls that change a head. */
const headChanges = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'] as const

/** A stream that is piped into the response. */
interface Source {
  /** What it failed with. */
  readonly errored?: Error | null
  unpipe(from: unknown): unknown
  destroy(): unknown
}

const timesHeader = 'server-timing'

type AnyCall = (this: unknown, ...parameters: unknown[]) => unknown

/** Headers that describe the body that was dropped, and not the answer that takes its place. @since 0.1 */
export const describesBody = /^(content-.*|etag|last-modified|cache-control|expires|location|accept-ranges|trailer|transfer-encoding)$/i

/** What the holder of a response is told. @since 0.1 */
export interface Holding {
  /** Whether there may be something to wait for: then an answer that cannot be sent is refused before `before` is called. */
  readonly isPending: boolean
  /**
   * Called with the status before anything leaves.
   *
   * @param isWrapped Whether others have the end of the answer in hand, and may have begun to store what belongs to it.
   * @returns What to wait for; `undefined` lets the answer go at once. A rejection drops the answer.
   */
  readonly before: (status: number, isWrapped: boolean) => Promise<void> | undefined
  /** What Node would refuse of an answer that is held already. @returns Whether there was time to drop the answer for it. */
  readonly refuse: (error: unknown) => boolean
  /** Answers in place of the dropped answer: the framework's own way for errors. */
  readonly fail: (error: unknown) => void
  /** What the header `Server-Timing` tells, as the head leaves. @default nothing */
  readonly serverTiming?: string | undefined
  /** Runs what lets bytes out of the answer that is over: what middleware beneath does then is work of its own. */
  readonly leave: (work: () => unknown) => unknown
}

/**
 * Holds back an answer until something is done: the first call that would make a byte leave is queued with all that come
 * after it, and replayed.
 *
 * It is the last moment before the client sees anything, below every hook, serializer and stream of every framework. While
 * it waits the response looks as if its head had left, so that nobody changes it. Call it once for a response.
 *
 * @since 0.1
 */
export function holdResponse(res: ServerResponse, holding: Holding): void {
  void new HeldResponse(res, holding)
}

const heldKey = Symbol('active-alchemy.held')
const passingKey = Symbol('active-alchemy.passing')
interface Held {
  [heldKey]: HeldResponse
  [passingKey]?: true
}
type GateCall = (this: Held, ...parameters: unknown[]) => unknown
type HeldServerResponse = ServerResponse & Held

/** The same functions for all responses: a closure for each would cost four of them, and V8 would not know what it calls. */
const gated = {
  writeHead: gateOf('writeHead'),
  write: gateOf('write'),
  end: gateOf('end'),
  flushHeaders: gateOf('flushHeaders'),
}

/** Those of Node, for comparison. */
const node: Readonly<Record<Gate, unknown>> = ServerResponse.prototype

/** Of a response that was held. */
const endDescriptor: PropertyDescriptor & ThisType<Held> = {
  get() {
    return this[heldKey].hasEnded
  },
  configurable: true,
}

const gatedTrailers: GateCall = function (...parameters) {
  this[heldKey].addTrailers(parameters)
}

function gateOf(gate: Gate): GateCall {
  return function (...parameters) {
    return this[heldKey].call(gate, parameters)
  }
}

/**
 * Up to V8 12, of Node 20 and 22, an object whose own prototype was set has a shape of its own, which is copied with every
 * property that is added: microseconds each. A property that is taken off again, before the last one, makes the object a table,
 * where adding costs next to nothing. V8 13 shares such shapes, and would lose by it (figures: bench/README.md).
 */
const copiesShapes = Number.parseInt(process.versions.v8, 10) < 13

/** Express sets the prototype of each response; that of a class has its constructor. */
function hasPrototypeOfItsOwn(res: ServerResponse): boolean {
  return !Object.hasOwn(Object(Object.getPrototypeOf(res)), 'constructor')
}

/** Every request pays for what happens before the first byte; the rest is for those that have something to wait for. */
class HeldResponse {
  readonly #res: HeldServerResponse
  readonly #holding: Holding
  readonly #found: Readonly<Record<Gate, GateCall>>
  #state: 'fresh' | 'held' | 'open' | 'dropped' = 'fresh'
  readonly #queue: [gate: Gate, parameters: unknown[]][] = []
  #rehearsal: Rehearsal | undefined
  #sources: Set<Source> | undefined
  #addTrailers: AnyCall | undefined
  #unlock = (): void => {}

  constructor(res: ServerResponse, holding: Holding) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is made one here
    this.#res = res as HeldServerResponse
    const wantsTable = copiesShapes && hasPrototypeOfItsOwn(res)
    if (wantsTable) this.#res[passingKey] = true
    this.#res[heldKey] = this
    if (wantsTable) delete this.#res[passingKey]
    this.#holding = holding
    // With any parameters: the gates hand on what they get.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
    const own = res as unknown as Record<Gate, GateCall>
    const { writeHead, write, end, flushHeaders } = own
    this.#found = { writeHead, write, end, flushHeaders }
    // They stay, and let through what comes later: to take them off again costs more.
    own.writeHead = gated.writeHead
    own.write = gated.write
    own.end = gated.end
    own.flushHeaders = gated.flushHeaders
    res.on('pipe', (source: Source) => (this.#sources ??= new Set()).add(source))
  }

  /** A call of one of the gates. */
  call(gate: Gate, parameters: unknown[]): unknown {
    const res = this.#res
    if (this.#state === 'fresh') {
      // What lies over ours decides on the head while it can: compression writes other bytes from then on.
      if (gate === 'flushHeaders') res.writeHead(res.statusCode)
      // That was the first call then, and began.
      if (this.#state === 'fresh') this.#begin(gate, parameters)
    } else if (this.#state === 'held' && !this.#isAccepted(gate, parameters)) return refused(gate, res)
    if (this.#state === 'open') return this.#leave(gate, parameters)
    // A compressor over ours still has bytes of the answer that was dropped; the one in its place does not come this way.
    if (this.#state === 'dropped') return gate === 'write' ? true : gate === 'flushHeaders' ? undefined : res
    this.#queue.push([gate, parameters])
    if (gate === 'writeHead' && typeof parameters[0] === 'number') res.statusCode = parameters[0]
    // False is the sign of a full buffer: a stream waits.
    return gate === 'write' ? false : gate === 'flushHeaders' ? undefined : res
  }

  #begin(gate: Gate, parameters: unknown[]): void {
    const res = this.#res
    const [first] = parameters
    const status = gate === 'writeHead' && typeof first === 'number' ? first : res.statusCode
    // A session is stored from within an end that lies over ours, while the head leaves already.
    const isWrapped = gate !== 'end' && res.end !== gated.end
    if (this.#holding.isPending) {
      this.#rehearsal = new Rehearsal(res)
      this.#rehearsal.call(gate, parameters)
    }
    const pending = this.#holding.before(status, isWrapped)
    if (!pending) {
      this.#state = 'open'
      this.#tellTimes(gate, parameters)
      return
    }
    this.#state = 'held'
    this.#unlock = this.#lock()
    pending
      .then(
        () => this.#replay(),
        (error: unknown) => this.#drop(error),
      )
      // An error handler that throws ends the exchange; it must not end the process.
      .catch((error: unknown) => res.destroy(isError(error) ? error : undefined))
  }

  /** Whether its end has been called, or has left. */
  get hasEnded(): boolean {
    if (this.#state === 'held') return this.#queue.some(([gate]) => gate === 'end')
    return Reflect.get(Object.getPrototypeOf(this.#res), 'writableEnded', this.#res) === true
  }

  /** What Node refuses of trailers fails the commit, if that has not begun. */
  addTrailers(parameters: unknown[]): void {
    try {
      this.#addTrailers?.apply(this.#res, parameters)
    } catch (error) {
      if (this.#state !== 'held' || !this.#holding.refuse(error)) throw error
    }
  }

  /**
   * Makes the response look as if its head had left, and keeps the head as it is. What is put on the response stays there: one of which a
   * property is deleted is slow from then on.
   *
   * @returns Ends that.
   */
  #lock(): () => void {
    const res = this.#res
    const { statusCode } = res
    Object.defineProperty(res, 'writableEnded', endDescriptor)
    this.#addTrailers = methodOf(res, 'addTrailers')
    Reflect.set(res, 'addTrailers', gatedTrailers)
    const unlock = isHttp1(res) ? lockHttp1(res) : lockHttp2(res)
    return () => {
      unlock()
      res.statusCode = statusCode
    }
  }

  /** Whether Node will take it; if not, the answer is dropped while it can be, and is thrown to the caller when it is too late. */
  #isAccepted(gate: Gate, parameters: unknown[]): boolean {
    try {
      this.#rehearsal?.call(gate, parameters)
      return true
    } catch (error) {
      if (isSecondHead(error) || !this.#holding.refuse(error)) throw error
      return false
    }
  }

  #leave(gate: Gate, parameters: unknown[]): unknown {
    const res = this.#res
    const found = this.#found[gate]
    if (gate === 'end' && this.#isCutOff(parameters)) return res.destroy()
    if (gate === 'write' || this.#isBare()) return found.apply(res, parameters)
    return this.#holding.leave(() => found.apply(res, parameters))
  }

  /** Whether a stream has failed on its way into the answer, and an end without a word would make what has left look whole. */
  #isCutOff([last]: unknown[]): boolean {
    const { headersSent, statusCode } = this.#res
    if (!this.#sources || !headersSent || statusCode >= 400 || typeof last === 'string' || last instanceof Uint8Array) return false
    return [...this.#sources].some(({ errored }) => errored)
  }

  #tellTimes(gate: Gate, parameters: unknown[]): void {
    tellTimes(this.#res, this.#holding.serverTiming, gate === 'writeHead' ? parameters : [])
  }

  /** Whether nobody else hears of the end of the answer, or of its head. */
  #isBare(): boolean {
    return this.#res.writeHead === gated.writeHead && this.#found.writeHead === node.writeHead && this.#found.end === node.end
  }

  #replay(): void {
    const res = this.#res
    this.#unlock()
    this.#rehearsal = undefined
    this.#state = 'open'
    let hasRoom = true
    const queue = this.#queue.splice(0)
    try {
      const [first] = queue
      if (first) this.#tellTimes(...first)
      for (const [gate, parameters] of queue) {
        const result = this.#leave(gate, parameters)
        if (gate === 'write') hasRoom = result !== false
      }
    } catch (error) {
      if (res.headersSent) res.destroy()
      else this.#drop(error)
      return
    }
    // Whoever was told to wait.
    if (hasRoom) res.emit('drain')
  }

  #drop(error: unknown): void {
    const res = this.#res
    const sources = this.#sources ?? []
    this.#queue.length = 0
    this.#rehearsal = undefined
    this.#unlock()
    this.#state = 'dropped'
    // Also what others have put over ours: once told that the answer has ended, they let no other one through.
    Object.assign(res, this.#found, { end: (...parameters: unknown[]) => this.#leave('end', parameters) })
    for (const source of sources) source.unpipe(res)
    res.once('close', () => {
      for (const source of sources) source.destroy()
    })
    for (const name of res.getHeaderNames()) if (describesBody.test(name)) res.removeHeader(name)
    refuseSuccess(res, this.#holding)
    this.#holding.fail(error)
  }
}

/** What a call gives whose answer is dropped. */
function refused(gate: Gate, res: ServerResponse): unknown {
  return gate === 'write' ? true : gate === 'flushHeaders' ? undefined : res
}

/** A second head is the mistake of its caller; the answer that is held stands. */
function isSecondHead(error: unknown): boolean {
  return isError(error) && 'code' in error && error.code === 'ERR_HTTP_HEADERS_SENT'
}

/** Node refuses to change a head that it thinks has left. What wraps a response asks for this, and makes it a head where there is none. */
function lockHttp1(res: ServerResponse): () => void {
  const { statusMessage, req } = res
  const { socket } = req
  const head: unknown = Reflect.get(res, '_header')
  Reflect.set(res, '_header', 'held')
  req.socket = patientSocket(socket, () => res.writableEnded)
  return () => {
    Reflect.set(res, '_header', head)
    req.socket = socket
    res.statusMessage = statusMessage
  }
}

/** There the stream knows whether a head has left. */
function lockHttp2(res: ServerResponse): () => void {
  const refuse = (): never => {
    throw Object.assign(new Error('Cannot change headers after they are sent to the client'), { code: 'ERR_HTTP_HEADERS_SENT' })
  }
  for (const change of headChanges) Object.defineProperty(res, change, { value: refuse, configurable: true })
  Object.defineProperty(res, 'headersSent', { value: true, configurable: true })
  return () => {
    for (const covered of [...headChanges, 'headersSent']) Reflect.deleteProperty(res, covered)
  }
}

/**
 * The socket of a request whose answer waits. Who ends it does not end the answer with it, if that is whole: Express ends it for
 * every error that is thrown behind an answer, which would have left without us.
 */
function patientSocket(socket: Socket, isWhole: () => boolean): Socket {
  return new Proxy(socket, {
    get(target, key) {
      if (key === 'destroy' && isWhole()) return () => socket
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
    set: (target, key, value) => Reflect.set(target, key, value),
  })
}

/**
 * Puts the header of the times on a head that is about to leave, beside what the application says of its own.
 *
 * @param parameters Of the call that makes it leave: headers that stand there would take the place of all others of their name.
 */
function tellTimes(res: ServerResponse, told: string | undefined, parameters: unknown[]): void {
  if (told === undefined) return
  res.appendHeader(timesHeader, told)
  const index = parameters.findIndex((each) => typeof each === 'object')
  const headers = parameters[index]
  // Names and values in turn.
  if (Array.isArray(headers))
    parameters[index] = headers.map((each, at) => (at % 2 > 0 && isTimesHeader(headers[at - 1]) ? [each, told].flat() : each))
  else {
    const entries = Object.entries(Object(headers))
    const own = entries.find(([name]) => isTimesHeader(name))
    if (own) parameters[index] = Object.fromEntries([...entries, [own[0], [own[1], told].flat()]])
  }
}

function isTimesHeader(name: unknown): boolean {
  return String(name).toLowerCase() === timesHeader
}

/** A method of a response, to be called with whatever its caller gives. */
function methodOf(res: ServerResponse, name: 'addTrailers' | 'writeHead'): AnyCall {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it hands on what it gets
  return res[name] as AnyCall
}

/** After a failed commit no status can say success, whatever the error handler of the application writes. */
function refuseSuccess(res: ServerResponse, holding: Holding): void {
  if (res.statusCode < 400) res.statusCode = 500
  if (isHttp1(res)) res.statusMessage = ''
  const writeHead = methodOf(res, 'writeHead')
  Reflect.set(res, 'writeHead', (status: number, ...rest: unknown[]) => {
    tellTimes(res, holding.serverTiming, rest)
    return status < 400
      ? writeHead.call(res, 500, ...rest.filter((each) => typeof each !== 'string'))
      : writeHead.call(res, status, ...rest)
  })
}
