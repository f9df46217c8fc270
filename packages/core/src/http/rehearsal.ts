import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/** The calls that make a head leave. */
export type Gate = 'writeHead' | 'write' | 'end' | 'flushHeaders'

/**
 * A response without a socket, on which calls are tried that are held back: what Node refuses here it would refuse when they are
 * replayed, which is after the commit.
 */
export class Rehearsal {
  readonly #res: ServerResponse
  readonly #stage: ServerResponse

  constructor(res: ServerResponse) {
    this.#res = res
    this.#stage = new ServerResponse(isHttp1(res) ? res.req : http1RequestOf(res))
    for (const [name, value] of Object.entries(res.getHeaders())) if (value !== undefined) this.#stage.setHeader(name, value)
    this.#stage.strictContentLength = res.strictContentLength
    // What comes after an end is told by an event.
    this.#stage.on('error', () => undefined)
  }

  /** @throws What Node throws. */
  call(gate: Gate, parameters: readonly unknown[]): void {
    const [first, second] = parameters
    if (gate === 'writeHead') this.#checkStatus(first)
    else if (gate !== 'flushHeaders' && first) checkEncoding(second)
    if (!this.#stage.headersSent) {
      this.#stage.statusCode = this.#res.statusCode
      if (isHttp1(this.#res)) this.#stage.statusMessage = this.#res.statusMessage
    }
    const values = parameters.filter((each) => typeof each !== 'function')
    Reflect.apply(this.#stage[gate], this.#stage, values)
  }

  /** HTTP/2 knows fewer. */
  #checkStatus(status: unknown): void {
    if (isHttp1(this.#res) || (Number(status) >= 200 && Number(status) < 600)) return
    throw Object.assign(new RangeError(`Invalid status code: ${String(status)}`), { code: 'ERR_HTTP2_STATUS_INVALID' })
  }
}

/** Node leaves it to the socket. */
function checkEncoding(encoding: unknown): void {
  if (!encoding || typeof encoding === 'function' || encoding === 'buffer') return
  if (typeof encoding === 'string' && Buffer.isEncoding(encoding)) return
  throw Object.assign(new TypeError(`Unknown encoding: ${String(encoding)}`), { code: 'ERR_UNKNOWN_ENCODING' })
}

function http1RequestOf({ req }: ServerResponse): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  return Object.assign(request, { method: req.method, httpVersionMajor: 1, httpVersionMinor: 1 })
}

/** Whether a status has words: HTTP/2 warns whoever asks for them. */
export function isHttp1(res: ServerResponse): boolean {
  return !('stream' in res)
}
