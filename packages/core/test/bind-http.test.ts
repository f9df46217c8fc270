import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { InvalidOptionError, ScopeClosedError } from '../src/errors.js'
import { bindHttp, noteError, scopeOf } from '../src/http/bind-http.js'
import { type Answer, type BindOptions, readBindOptions } from '../src/http/bind-options.js'
import type { ScopeMember } from '../src/scope/members.js'
import { currentScope, type Scope } from '../src/scope/scope.js'

const stops: (() => void)[] = []
const log: string[] = []

afterEach(() => {
  log.length = 0
  for (const stop of stops.splice(0)) stop()
})

/** A database that writes down what happens to it. */
function touch(scope: Scope, written = 1): void {
  const note = (what: string) => async (): Promise<void> => void log.push(what)
  const member: ScopeMember = {
    name: 'shop',
    touched: true,
    written,
    failure: undefined,
    end: () => undefined,
    close: note('close'),
    settle: (how) => note(how)(),
    release: note('release'),
    cancel: () => undefined,
    takeHooks: () => [],
  }
  scope.member({}, () => member)
}

type Handle = (req: IncomingMessage, res: ServerResponse, scope: Scope) => unknown

/** A server without a framework, whose handler runs in the scope of its request. */
async function serve(handle: Handle, options: BindOptions = { report: () => undefined }): Promise<string> {
  const server = createServer((req, res) => {
    const scope = bindHttp(req, res, (error) => void res.end(String(error)), options)
    void scope.run(() => handle(req, res, scope))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('the scope of a request', () => {
  it('is named after its method and path, without what may be secret in its query', async () => {
    const labels: string[] = []
    const url = await serve((_req, res, scope) => {
      labels.push(scope.label)
      res.end()
    })
    await fetch(`${url}/orders?token=secret`, { method: 'POST' })
    await fetch(`${url}/orders/1`)
    expect(labels).toEqual(['POST /orders', 'GET /orders/1'])
  })

  it('is found by the request, and by all that runs in it', async () => {
    const url = await serve(async (req, res, scope) => {
      await turn()
      res.end(String(scopeOf(req) === scope && currentScope() === scope))
    })
    expect(await (await fetch(url)).text()).toBe('true')
    expect(scopeOf({} as IncomingMessage)).toBeUndefined()
  })

  it('is one, however often it is bound', async () => {
    const url = await serve((req, res, scope) => {
      const again = bindHttp(req, res, () => undefined)
      touch(again)
      res.end(String(again === scope))
    })
    expect(await (await fetch(url)).text()).toBe('true')
    expect(log).toEqual(['close', 'commit', 'release'])
  })

  it('is there in the events of its body, on a connection that others use', async () => {
    const url = await serve((req, res, scope) => {
      const seen: boolean[] = []
      req.on('data', () => seen.push(currentScope() === scope))
      req.on('end', () => {
        seen.push(currentScope() === scope)
        res.end(seen.join())
      })
    })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    stops.push(() => agent.destroy())
    for (const headers of [{ 'content-length': '4' }, { 'transfer-encoding': 'chunked' }, { 'content-length': '4' }]) {
      const asked = request(url, { method: 'POST', agent, headers })
      asked.write('ab')
      await turn()
      asked.end('cd')
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      let body = ''
      for await (const chunk of answer) body += String(chunk)
      expect(body).toMatch(/^(true,)+true$/)
    }
  })

  it('leaves the events of a request without a body alone', async () => {
    const url = await serve((req, res) => res.end(String(Object.hasOwn(req, 'emit'))))
    expect(await (await fetch(url)).text()).toBe('false')
    const empty = await fetch(url, { method: 'POST', headers: { 'content-length': '0' } })
    expect(await empty.text()).toBe('false')
  })
})

describe('a request over HTTP/2', () => {
  it.each([
    ['GET', false],
    ['HEAD', false],
    ['POST', true],
  ])('%s has its events in the scope: %s', async (method, isWrapped) => {
    const seen: boolean[] = []
    const server = createHttp2Server((req, res) => {
      bindHttp(req as unknown as IncomingMessage, res as unknown as ServerResponse, () => undefined)
      seen.push(Object.hasOwn(req, 'emit'))
      res.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    stops.push(() => {
      client.destroy()
      server.close()
    })
    const stream = client.request({ ':path': '/', ':method': method })
    stream.end()
    await once(stream, 'response')
    expect(seen).toEqual([isWrapped])
  })
})

describe('the outcome of a request', () => {
  const after = async (status: number, options?: BindOptions, note = false): Promise<string[]> => {
    const url = await serve((req, res, scope) => {
      touch(scope)
      if (note) noteError(req, new Error('boom'))
      res.writeHead(status).end()
    }, options)
    await fetch(url, { redirect: 'manual' })
    return log.splice(0)
  }
  const committed = ['close', 'commit', 'release']
  const rolledBack = ['close', 'rollback', 'release']

  it.each([200, 201, 204, 302, 304, 399])('of an answer %d is a commit', async (status) => {
    expect(await after(status)).toEqual(committed)
  })

  it.each([400, 404, 422, 500, 503])('of an answer %d is a rollback', async (status) => {
    expect(await after(status)).toEqual(rolledBack)
  })

  it('is a rollback when something was thrown, though the answer says success', async () => {
    expect(await after(200, undefined, true)).toEqual(rolledBack)
  })

  it('is what rollbackWhen says, which sees the status, the request and the error', async () => {
    const asked: Answer[] = []
    const rollbackWhen = (answer: Answer): boolean => (asked.push(answer), answer.status === 200)
    expect(await after(500, { rollbackWhen })).toEqual(committed)
    expect(await after(200, { rollbackWhen, report: () => undefined }, true)).toEqual(rolledBack)
    expect(asked.map(({ status, req, error }) => [status, req.method, (error as Error | undefined)?.message])).toEqual([
      [500, 'GET', undefined],
      [200, 'GET', 'boom'],
    ])
    expect(asked[0]).not.toHaveProperty('error')
  })

  it('is what the last rollbackWhen says, when the request is bound twice', async () => {
    const url = await serve((req, res, scope) => {
      bindHttp(req, res, () => undefined, { rollbackWhen: () => false })
      touch(scope)
      res.writeHead(500).end()
    })
    await fetch(url)
    expect(log).toEqual(committed)
  })

  it('is a rollback when the client leaves before the answer', async () => {
    let done = (): void => {}
    const closed = new Promise<void>((resolve) => (done = resolve))
    const url = await serve((_req, res, scope) => {
      touch(scope)
      res.once('close', () => setImmediate(done))
      asked.destroy()
    })
    const asked = request(url).end()
    asked.on('error', () => undefined)
    await closed
    for (let turns = 0; turns < 10; turns += 1) await turn()
    expect(log).toEqual(rolledBack)
  })

  it('is a rollback when the client has left before anything was used, which is refused then', async () => {
    const req = { method: 'GET', url: '/', headers: {}, httpVersionMajor: 1 } as unknown as IncomingMessage
    const url = await serve((_req, res) => {
      res.destroy()
      const scope = bindHttp(req, res, () => undefined)
      expect(() => touch(scope)).toThrow(ScopeClosedError)
      log.push(scope.state)
    })
    await expect(fetch(url)).rejects.toThrow('fetch failed')
    expect(log).toEqual(['rolled back'])
  })

  it('is a rollback when the client leaves between the mount and the first use', async () => {
    const left = new Promise<Scope>((resolve) => {
      void serve((_req, res, scope) => {
        res.once('close', () => resolve(scope))
        asked.destroy()
      }).then((url) => {
        asked = request(url).end()
        asked.on('error', () => undefined)
      })
    })
    let asked: ReturnType<typeof request>
    const scope = await left
    expect(() => touch(scope)).toThrow(ScopeClosedError)
    expect([scope.state, log]).toEqual(['rolled back', []])
  })
})

describe('an error that was thrown', () => {
  it('is a rollback when the client has left before anybody listened, over HTTP/2 too', async () => {
    const done = new Promise<Scope>((resolve) => {
      const server = createHttp2Server((req, res) => {
        req.once('aborted', () => {
          setImmediate(() => resolve(bindHttp(req as never, res as never, () => undefined)))
        })
      }).listen(0, '127.0.0.1')
      stops.push(() => server.close())
      server.once('listening', () => {
        const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
        stops.push(() => client.destroy())
        const stream = client.request({ ':method': 'POST' }).on('error', () => undefined)
        server.once('request', () => stream.destroy())
      })
    })
    const scope = await done
    expect(() => touch(scope)).toThrow(ScopeClosedError)
    expect(scope.state).toBe('rolled back')
  })

  it('is kept as the first of several, and stands for one without a value', async () => {
    const seen: unknown[] = []
    const rollbackWhen = ({ error }: Answer): boolean => (seen.push(error), false)
    const first = new Error('first')
    const url = await serve(
      (req, res) => {
        noteError(req, req.url === '/none' ? undefined : first)
        noteError(req, new Error('second'))
        res.end()
      },
      { rollbackWhen },
    )
    await fetch(url)
    await fetch(`${url}/none`)
    expect(seen).toEqual([first, new Error('An error without a value was thrown')])
  })

  it('of a request without a scope is nobody’s business', () => {
    expect(() => noteError({} as IncomingMessage, new Error('boom'))).not.toThrow()
  })
})

describe('the options', () => {
  it('are functions by known names', () => {
    const options: BindOptions = { rollbackWhen: () => true, skip: () => false, report: () => undefined }
    expect(readBindOptions(options, 'mount()')).toEqual(options)
    expect(readBindOptions({ skip: undefined }, 'mount()')).toEqual({})
  })

  it.each<[string, object]>([
    ['an unknown name', { rollbackwhen: () => true }],
    ['no function', { skip: true }],
    ['null', { report: null }],
  ])('are refused: %s', (_, options) => {
    expect(() => readBindOptions(options, 'mount()')).toThrow(InvalidOptionError)
  })
})

it('takes a request that says nothing of itself', () => {
  const res = { on: () => undefined, once: () => undefined, closed: false, destroyed: false } as unknown as ServerResponse
  expect(bindHttp({ headers: {} } as IncomingMessage, res, () => undefined).label).toBe('GET /')
})
