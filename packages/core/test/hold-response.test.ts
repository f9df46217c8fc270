import { once } from 'node:events'
import { createServer, get, type IncomingMessage, request, type RequestListener, ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Holding, holdResponse } from '../src/http/hold-response.js'

/** What the server does with a response that is held until `settle` or `refuse` is called. */
type Handle = (res: ServerResponse, req: IncomingMessage) => unknown

const stops: (() => void)[] = []
const events: string[] = []
const statuses: number[] = []
let settle = (): void => {}
let refuse = (_error: unknown): void => {}
let pending: Promise<void> | undefined

beforeEach(() => {
  events.length = 0
  statuses.length = 0
  pending = new Promise((resolve, reject) => {
    settle = () => {
      events.push('settled')
      resolve()
    }
    refuse = reject
  })
  // A test may refuse before anything waits for it.
  pending.catch(() => undefined)
})

afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** Waits for what the test settles or refuses. */
function holding(fail: (error: unknown) => void): Holding {
  return {
    get isPending() {
      return pending !== undefined
    },
    before(status) {
      statuses.push(status)
      return pending
    },
    refuse: (error) => {
      refuse(error as Error)
      return true
    },
    fail,
    leave: (work) => work(),
  }
}

/** Answers in place of a dropped answer: as an application does, with its own words. */
function wordedFailure(res: ServerResponse): (error: unknown) => void {
  return (error) => {
    res.setHeader('content-type', 'text/plain')
    res.end(`failed: ${(error as Error).message}`)
  }
}

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** A server whose responses are held, and what became of the handler's call. */
async function held(
  handle: Handle,
  fail = wordedFailure,
): Promise<{ url: string; port: number; response: () => ServerResponse; handled: Promise<void> }> {
  const responses: ServerResponse[] = []
  let done = (): void => {}
  const handled = new Promise<void>((resolve) => (done = resolve))
  const port = await listen((req, res) => {
    responses.push(res)
    holdResponse(res, holding(fail(res)))
    void Promise.resolve(handle(res, req)).then(done)
  })
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    handled,
    response: () => {
      const [response] = responses
      if (!response) throw new Error('No request has come')
      return response
    },
  }
}

/** Asks, and notes when the head and the body arrive. */
async function ask(url: string, init?: RequestInit): Promise<{ status: number; headers: Headers; body: string }> {
  const answer = await fetch(url, init)
  events.push('head')
  const body = await answer.text()
  events.push('body')
  return { status: answer.status, headers: answer.headers, body }
}

const quiet = (): Promise<void> => sleep(25)

describe('an answer that is held', () => {
  it.each<[string, Handle, string]>([
    ['end', (res) => res.end('fine'), 'fine'],
    ['write', (res) => (res.write('fi'), res.write('ne'), res.end()), 'fine'],
    ['writeHead', (res) => res.writeHead(200, { 'x-kind': 'raw' }).end('fine'), 'fine'],
    ['flushHeaders', (res) => (res.flushHeaders(), res.end('fine')), 'fine'],
    ['end without a body', (res) => res.end(), ''],
  ])('begun with %s leaves when all is settled, and not before', async (_, handle, body) => {
    const app = await held(handle)
    const answer = ask(app.url)
    await app.handled
    await quiet()
    expect(events).toEqual([])
    settle()
    expect(await answer).toMatchObject({ status: 200, body })
    expect(events).toEqual(['settled', 'head', 'body'])
    expect(statuses).toEqual([200])
  })

  it('tells the status that is about to leave, however it was given', async () => {
    const handles: readonly Handle[] = [
      (res) => res.writeHead(201).end(),
      (res) => res.writeHead(404, 'Nothing Here', { 'x-a': 'b' }).end(),
      (res) => Object.assign(res, { statusCode: 302 }).end(),
      (res) => Object.assign(res, { statusCode: 500 }).writeHead(418).end(),
    ]
    settle()
    const seen: number[] = []
    for (const handle of handles) seen.push((await fetch((await held(handle)).url, { redirect: 'manual' })).status)
    expect(seen).toEqual([201, 404, 302, 418])
    expect(statuses).toEqual(seen)
  })

  it('keeps its status message and its headers, in every form that Node takes', async () => {
    settle()
    const app = await held((res) => res.writeHead(200, 'Very Fine', ['x-second', '2', 'set-cookie', 'a=1', 'set-cookie', 'b=2']).end())
    const answer = await fetch(app.url)
    expect(answer.statusText).toBe('Very Fine')
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(answer.headers.get('x-second')).toBe('2')
  })

  it('calls the callbacks of its writes', async () => {
    const called: string[] = []
    const app = await held((res) => {
      res.write('a', () => called.push('write'))
      res.end('b', 'utf8', () => called.push('end'))
    })
    const answer = ask(app.url)
    await app.handled
    expect(called).toEqual([])
    settle()
    expect((await answer).body).toBe('ab')
    expect(called).toEqual(['write', 'end'])
  })

  it('sends the head of a stream of events before its first event', async () => {
    const app = await held((res) => {
      res.setHeader('content-type', 'text/event-stream')
      res.flushHeaders()
    })
    settle()
    const answer = await fetch(app.url)
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    app.response().end('data: 1\n\n')
    expect(await answer.text()).toBe('data: 1\n\n')
  })

  it('to HEAD has its headers and no body', async () => {
    settle()
    const app = await held((res) => res.setHeader('content-length', 5).end('hello'))
    const answer = await ask(app.url, { method: 'HEAD' })
    expect([answer.status, answer.headers.get('content-length'), answer.body]).toEqual([200, '5', ''])
  })

  it.each([204, 304])('of %d has no body', async (status) => {
    settle()
    const app = await held((res) => res.writeHead(status, { etag: '"1"' }).end())
    const answer = await ask(app.url)
    expect([answer.status, answer.headers.get('etag'), answer.body]).toEqual([status, '"1"', ''])
  })

  it('lets early hints through', async () => {
    const app = await held((res) => {
      res.writeEarlyHints({ link: '</style.css>; rel=preload' })
      res.end('fine')
    })
    const hinted = get(app.url)
    await once(hinted, 'information')
    expect(events).toEqual([])
    settle()
    const [answer] = (await once(hinted, 'response')) as [IncomingMessage]
    answer.resume()
    expect(answer.statusCode).toBe(200)
  })

  it('is each its own on one connection', async () => {
    settle()
    const app = await held((res, req) => res.end(req.url))
    const bodies = await Promise.all(Array.from({ length: 20 }, async (_, index) => (await fetch(`${app.url}/${index}`)).text()))
    expect(bodies).toEqual(Array.from({ length: 20 }, (_, index) => `/${index}`))
  })
})

describe('an answer that need not wait', () => {
  it('leaves at once, and changes as the response itself does', async () => {
    pending = undefined
    const seen: unknown[] = []
    const app = await held((res) => {
      res.setHeader('x-head', 'open')
      seen.push(res.write('fi'), res.headersSent, res.writableEnded)
      expect(() => res.setHeader('x-late', '1')).toThrow(expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }))
      seen.push(res.end('ne') === res, res.writableEnded)
    })
    const { headers, body } = await ask(app.url)
    expect([headers.get('x-head'), body]).toEqual(['open', 'fine'])
    expect(seen).toEqual([true, true, false, true, true])
    expect(statuses).toEqual([200])
  })

  it('asks once, whatever calls follow', async () => {
    pending = undefined
    const app = await held((res) => {
      res.flushHeaders()
      res.write('a')
      res.end('b')
    })
    expect((await ask(app.url)).body).toBe('ab')
    expect(statuses).toEqual([200])
  })
})

describe('a response that is held', () => {
  it('looks as if its head had left, and lets nobody change it', async () => {
    const seen: unknown[] = []
    const app = await held((res) => {
      res.setHeader('x-before', '1')
      res.write('first')
      seen.push(res.headersSent, res.writableEnded)
      const changes: (() => unknown)[] = [
        () => res.setHeader('x-late', '1'),
        () => res.appendHeader('x-late', '1'),
        () => res.setHeaders(new Map([['x-late', '1']])),
        () => res.removeHeader('x-before'),
      ]
      for (const change of changes) expect(change).toThrow(expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }))
      res.end()
      seen.push(res.writableEnded)
    })
    const answer = ask(app.url)
    await app.handled
    expect(seen).toEqual([true, false, true])
    settle()
    const { headers } = await answer
    expect([headers.get('x-before'), headers.get('x-late')]).toEqual(['1', null])
    expect(Object.keys(Object.getOwnPropertyDescriptors(app.response()))).not.toContain('headersSent')
    expect(app.response().writableEnded).toBe(true)
  })

  it('takes no second answer: the first arrives whole', async () => {
    const errors: string[] = []
    const app = await held((res) => {
      res.setHeader('content-length', 5)
      res.end('first')
      try {
        res.setHeader('content-length', 12)
        res.end('second, long')
      } catch (error) {
        errors.push((error as { code: string }).code)
      }
    })
    const answer = ask(app.url)
    await app.handled
    settle()
    expect(await answer).toMatchObject({ status: 200, body: 'first' })
    expect(errors).toEqual(['ERR_HTTP_HEADERS_SENT'])
  })

  it('tells a writer to wait, and wakes it', async () => {
    const returned: boolean[] = []
    let woken = 0
    const app = await held(async (res) => {
      returned.push(res.write('a'))
      await once(res, 'drain')
      woken += 1
      returned.push(res.write('b'))
      res.end()
    })
    const answer = ask(app.url)
    await turn()
    settle()
    expect((await answer).body).toBe('ab')
    expect([returned, woken]).toEqual([[false, true], 1])
  })

  it('wakes those who still listen for room, and nobody else', async () => {
    const woken: string[] = []
    const stays = (): unknown => woken.push('stays')
    const leaves = (): unknown => woken.push('leaves')
    const early = (): unknown => woken.push('early')
    const app = await held((res) => {
      res.on('drain', early)
      res.write('a')
      res.addListener('drain', stays)
      res.on('drain', leaves)
      res.off('drain', leaves)
      res.removeListener('drain', early)
      res.off('drain', () => undefined)
      res.on('finish', () => woken.push('finish'))
    })
    const answer = ask(app.url)
    await app.handled
    settle()
    await turn()
    app.response().end()
    await answer
    expect(new Set(woken)).toEqual(new Set(['stays', 'finish']))
    expect(app.response().listeners('drain')).toEqual([stays])
  })

  it('leaves the waiting to the socket when that is full', async () => {
    const big = Buffer.alloc(8 * 1024 * 1024, 'x')
    let woken = 0
    const app = await held(async (res) => {
      res.write(big)
      res.on('drain', () => undefined)
      await once(res, 'drain')
      woken += 1
      res.end('!')
    })
    const asked = get(app.url)
    await quiet()
    settle()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    await quiet()
    expect(woken).toBe(0)
    let length = 0
    for await (const chunk of answer) length += (chunk as Buffer).length
    expect([length, woken]).toEqual([big.length + 1, 1])
  })

  it('passes a long stream on, byte for byte, to a slow reader', async () => {
    const chunks = Array.from({ length: 48 }, (_, index) => Buffer.alloc(64 * 1024, index))
    const app = await held((res) => void Readable.from(chunks).pipe(res))
    const asked = get(app.url)
    await quiet()
    settle()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const received: Buffer[] = []
    for await (const chunk of answer) {
      received.push(chunk as Buffer)
      if (received.length % 8 === 0) await turn()
    }
    expect(Buffer.concat(received).equals(Buffer.concat(chunks))).toBe(true)
  })

  it('ends a pipeline that was begun before it settled', async () => {
    let piped = false
    const app = await held(async (res) => {
      await pipeline(Readable.from(['one', 'two', 'three']), res)
      piped = true
    })
    const answer = ask(app.url)
    await quiet()
    settle()
    expect((await answer).body).toBe('onetwothree')
    await app.handled
    expect(piped).toBe(true)
  })
})

describe('a client that leaves while the answer is held', () => {
  it.each<[string, Handle]>([
    ['end', (res) => res.end('fine')],
    ['writes', (res) => (res.write('a'), res.write('b'), res.end())],
    ['a stream', (res) => void Readable.from(['a', 'b']).pipe(res)],
  ])('breaks nothing: %s', async (_, handle) => {
    const app = await held(handle)
    const asked = request(app.url).end()
    asked.on('error', () => undefined)
    await app.handled
    const closed = once(app.response(), 'close')
    asked.destroy()
    await closed
    settle()
    await quiet()
    expect(app.response().destroyed).toBe(true)
  })
})

describe('a response that is destroyed', () => {
  it('sends nothing, though it settles afterwards', async () => {
    const app = await held((res) => {
      res.end('fine')
      res.destroy()
    })
    const asked = ask(app.url)
    await expect(asked).rejects.toThrow('fetch failed')
    settle()
    await quiet()
    expect(events).toEqual(['settled'])
  })
})

describe('an answer that is dropped', () => {
  const failure = new Error('deferred constraint')

  it.each<[string, Handle]>([
    ['end', (res) => res.end('success')],
    ['writes', (res) => (res.write('suc'), res.write('cess'), res.end())],
    ['writeHead', (res) => res.writeHead(201, 'Made', { 'x-made': '1', 'content-length': 7 }).end('success')],
    ['flushHeaders', (res) => (res.flushHeaders(), res.end('success'))],
    ['a stream', (res) => void Readable.from(['suc', 'cess']).pipe(res)],
  ])('begun with %s is answered as an error, and nothing of it is seen', async (_, handle) => {
    const app = await held(handle)
    const answer = ask(app.url)
    await quiet()
    refuse(failure)
    const { status, headers, body } = await answer
    expect([status, body]).toEqual([500, 'failed: deferred constraint'])
    expect(headers.get('x-made')).toBeNull()
  })

  it('loses the headers that describe its body, and keeps the others', async () => {
    const describing = {
      'content-type': 'image/png',
      'content-length': '7',
      'content-encoding': 'gzip',
      etag: '"1"',
      'last-modified': 'yesterday',
      'cache-control': 'public',
      expires: 'never',
      location: '/made',
      'accept-ranges': 'bytes',
    }
    const app = await held((res) => {
      for (const [name, value] of Object.entries(describing)) res.setHeader(name, value)
      res.setHeader('access-control-allow-origin', '*')
      res.setHeader('x-request-id', '42')
      res.end('success')
    })
    const answer = ask(app.url)
    await app.handled
    refuse(failure)
    const { headers } = await answer
    expect(Object.keys(describing).filter((name) => headers.has(name) && name !== 'content-type' && name !== 'content-length')).toEqual([])
    expect([headers.get('content-type'), headers.get('access-control-allow-origin'), headers.get('x-request-id')]).toEqual([
      'text/plain',
      '*',
      '42',
    ])
  })

  it.each<[string, (res: ServerResponse) => unknown, number]>([
    ['a status', (res) => Object.assign(res, { statusCode: 503 }).end(), 503],
    ['a head of an error', (res) => res.writeHead(409).end(), 409],
    ['a head of success', (res) => res.writeHead(200).end(), 500],
    ['a head of success with a message', (res) => res.writeHead(200, 'Fine').end(), 500],
    ['a head that redirects', (res) => res.writeHead(302, { location: '/login' }).end(), 500],
    ['nothing but a body', (res) => res.end('sorry'), 500],
  ])('never says success, though the application answers with %s', async (_, answerWith, status) => {
    const app = await held(
      (res) => res.writeHead(200, 'Fine').end('success'),
      (res) => () => answerWith(res),
    )
    const answer = fetch(app.url, { redirect: 'manual' })
    await app.handled
    refuse(failure)
    const received = await answer
    expect(received.status).toBe(status)
    expect(received.statusText).not.toBe('Fine')
  })

  it('keeps the status of an error that it was', async () => {
    const app = await held((res) => Object.assign(res, { statusCode: 422 }).end('invalid'))
    const answer = ask(app.url)
    await app.handled
    refuse(failure)
    expect((await answer).status).toBe(422)
  })

  it('hands over the very error, once', async () => {
    const failed: unknown[] = []
    const app = await held(
      (res) => (res.write('a'), res.end('b')),
      (res) => (error) => {
        failed.push(error)
        res.end()
      },
    )
    const answer = ask(app.url)
    await app.handled
    refuse(failure)
    await answer
    expect(failed).toEqual([failure])
  })

  it('lets its stream go, and destroys it when the response closes', async () => {
    const source = new Readable({ read: () => undefined })
    source.push('suc')
    const app = await held((res) => void source.pipe(res))
    const answer = ask(app.url)
    await quiet()
    refuse(failure)
    expect((await answer).body).toBe('failed: deferred constraint')
    await quiet()
    expect(source.destroyed).toBe(true)
  })

  it('takes off what others have put over ours, since they think that it has ended', async () => {
    const app = await held((res) => {
      const { end } = res
      let ended = false
      res.end = ((...parameters: unknown[]) => {
        if (ended) return res
        ended = true
        return end.apply(res, parameters as never)
      }) as typeof res.end
      res.end('success')
    })
    const answer = ask(app.url)
    await app.handled
    refuse(failure)
    expect((await answer).body).toBe('failed: deferred constraint')
  })
})

describe('what others have put on the response', () => {
  it('before ours is called by ours, once', async () => {
    const seen: string[] = []
    const port = await listen((_req, res) => {
      const { end } = res
      res.end = ((...parameters: unknown[]) => {
        seen.push('theirs')
        return end.apply(res, parameters as never)
      }) as typeof res.end
      holdResponse(res, holding(wordedFailure(res)))
      res.end('fine')
    })
    const answer = ask(`http://127.0.0.1:${port}`)
    await quiet()
    expect(seen).toEqual([])
    settle()
    expect((await answer).body).toBe('fine')
    expect(seen).toEqual(['theirs'])
  })

  it('after ours stays, and decides on the head first', async () => {
    settle()
    let theirs: unknown
    const app = await held((res) => {
      const { writeHead } = res
      theirs = res.writeHead = ((status: number) => {
        res.setHeader('x-theirs', '1')
        return writeHead.call(res, status)
      }) as typeof res.writeHead
      res.flushHeaders()
      res.end('fine')
    })
    const { headers, body } = await ask(app.url)
    expect([headers.get('x-theirs'), body]).toEqual(['1', 'fine'])
    expect(app.response().writeHead).toBe(theirs)
  })
})

describe('a prototype that a framework gives its responses', () => {
  /** A framework that does so, with an inner application, as Express does. */
  function framework() {
    const outer = Object.create(ServerResponse.prototype) as object
    const inner = Object.create(outer) as object
    return { outer, inner, wear: (res: ServerResponse, prototype: object): unknown => Object.setPrototypeOf(res, prototype) }
  }

  it.each(['outer', 'inner'] as const)('holds the answer that the %s application makes', async (answering) => {
    const prototypes = framework()
    for (const mounting of ['outer', 'inner'] as const) {
      const port = await listen((_req, res) => {
        prototypes.wear(res, prototypes[mounting])
        holdResponse(res, holding(wordedFailure(res)))
        prototypes.wear(res, prototypes[answering])
        res.end('success')
      })
      refuse(new Error('deferred constraint'))
      expect((await ask(`http://127.0.0.1:${port}`)).body).toBe('failed: deferred constraint')
    }
  })

  it('keeps its own ways: those are held, and called once', async () => {
    const { outer, wear } = framework()
    const called: string[] = []
    Object.assign(outer, {
      end(this: ServerResponse, ...parameters: unknown[]) {
        called.push('end')
        return ServerResponse.prototype.end.apply(this, parameters as never)
      },
    })
    const port = await listen((_req, res) => {
      wear(res, outer)
      holdResponse(res, holding(wordedFailure(res)))
      res.end('fine')
    })
    const answer = ask(`http://127.0.0.1:${port}`)
    await quiet()
    expect(called).toEqual([])
    settle()
    expect([(await answer).body, called]).toEqual(['fine', ['end']])
  })
})

describe('HTTP/2', () => {
  async function askHttp2(handle: Handle): Promise<{ status: unknown; body: string }> {
    const server = createHttp2Server((_req, compat) => {
      const res = compat as unknown as ServerResponse
      holdResponse(res, holding(wordedFailure(res)))
      void handle(res, _req as unknown as IncomingMessage)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    stops.push(() => {
      client.destroy()
      server.close()
    })
    const stream = client.request({ ':path': '/' })
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    let body = ''
    for await (const chunk of stream) body += String(chunk)
    return { status: headers[':status'], body }
  }

  it('has its answers held as well', async () => {
    settle()
    expect(await askHttp2((res) => res.end('fine'))).toEqual({ status: 200, body: 'fine' })
    expect(statuses).toEqual([200])
  })

  it('has its answers dropped as well, without the status message that it does not know', async () => {
    refuse(new Error('deferred constraint'))
    expect(await askHttp2((res) => res.writeHead(200).end('success'))).toEqual({ status: 500, body: 'failed: deferred constraint' })
  })
})

it('keeps answers in order on a connection where requests do not wait', async () => {
  const waiting: (() => void)[] = []
  const port = await listen((req, res) => {
    const before = (): Promise<void> => new Promise((resolve) => waiting.push(resolve))
    holdResponse(res, { ...holding(wordedFailure(res)), isPending: true, before })
    res.end(req.url)
  })
  const socket = connect(port, '127.0.0.1')
  stops.push(() => socket.destroy())
  socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  while (waiting.length < 2) await turn()
  for (const open of waiting.reverse()) open()
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  expect(text.match(/(?<=\r\n\r\n)\/[12]/g)).toEqual(['/1', '/2'])
})

it('is not seen by a response that answers nobody', () => {
  const res = new ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 } as IncomingMessage)
  holdResponse(res, holding(wordedFailure(res)))
  expect(statuses).toEqual([])
})

describe('an answer that Node refuses', () => {
  it.each<[string, (res: ServerResponse) => unknown, string]>([
    ['a header', (res) => res.writeHead(302, { location: '/next\nset-cookie: a=1' }), 'ERR_INVALID_CHAR'],
    ['a name of a header', (res) => res.writeHead(200, { 'a b': 'c' }), 'ERR_INVALID_HTTP_TOKEN'],
    ['a header in a list', (res) => res.writeHead(302, ['location', '/next\nset-cookie: a=1']), 'ERR_INVALID_CHAR'],
    ['a header in a list of pairs', (res) => res.writeHead(302, [['a b', 'c']] as never), 'ERR_INVALID_HTTP_TOKEN'],
    ['a message', (res) => res.writeHead(200, 'two\nlines'), 'ERR_INVALID_CHAR'],
    ['a status', (res) => res.writeHead(99_999), 'ERR_HTTP_INVALID_STATUS_CODE'],
    ['a status that was set', (res) => Object.assign(res, { statusCode: 99_999 }).end(), 'ERR_HTTP_INVALID_STATUS_CODE'],
    ['a number as a body', (res) => res.end(5), 'ERR_INVALID_ARG_TYPE'],
    ['nothing as a part of a body', (res) => res.write(null), 'ERR_STREAM_NULL_VALUES'],
    ['a body', (res) => res.end({ an: 'object' }), 'ERR_INVALID_ARG_TYPE'],
    ['a part of a body', (res) => res.write({ an: 'object' }), 'ERR_INVALID_ARG_TYPE'],
  ])('for %s is refused where it is made, before anything is settled', async (_, handle, code) => {
    const app = await held((res) => {
      expect(() => handle(res)).toThrow(expect.objectContaining({ code }))
      expect(statuses).toEqual([])
      res.statusCode = 500
      res.end('worded')
    })
    const answer = ask(app.url)
    await app.handled
    settle()
    expect(await answer).toMatchObject({ status: 500, body: 'worded' })
    expect(statuses).toEqual([500])
  })

  it('becomes an error where it is too late to throw it', async () => {
    const app = await held((res) => {
      res.write('begun')
      res.end('ä', 'no encoding' as BufferEncoding)
    })
    const answer = ask(app.url)
    await app.handled
    expect(await answer).toMatchObject({ status: 500, body: 'failed: Unknown encoding: no encoding' })
  })

  it('with 101 Switching Protocols leaves as it is', async () => {
    const app = await held((res) => res.writeHead(101, { connection: 'upgrade', upgrade: 'echo' }).end())
    const socket = connect(app.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await app.handled
    settle()
    const [text] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect(String(text)).toMatch(/^HTTP\/1\.1 101 /)
  })

  it('does not mix what is late of a dropped answer with the answer that takes its place', async () => {
    const app = await held(
      (res) => {
        const { write } = res
        res.write('begun')
        // As compression does, which keeps the function that it found.
        setTimeout(() => write.call(res, 'late', 'utf8'), 10)
      },
      (res) => () => {
        res.write('failed')
        setTimeout(() => res.end('.'), 40)
      },
    )
    const answer = ask(app.url)
    await app.handled
    refuse(new Error('refused'))
    expect(await answer).toMatchObject({ status: 500, body: 'failed.' })
  })
})
