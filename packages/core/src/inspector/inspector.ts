import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { flag, type Option, readOptions, wholeNumber } from '../options.js'
import { reportChannel, type Traces } from '../scope/diagnostics.js'
import type { ReportEvent } from '../scope/report.js'
import { currentScope } from '../scope/scope.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { Activity } from './activity.js'
import { page } from './page.js'

/** How a page of what a process does is shown. @since 0.2 */
export interface InspectorOptions {
  /** Path at which it stands, below where it is mounted. @default '/_alchemy' */
  readonly path?: string
  /** How many requests that have ended it keeps, 1 to 1,000. @default 100 */
  readonly requests?: number
  /** Whether it is there. @default not with `NODE_ENV=production` */
  readonly enabled?: boolean
  /** Whether others than this machine may look at it: in a container, the browser is another one. @default false */
  readonly remote?: boolean
}

const pathOption: Option<string> = {
  takes: 'a path that begins with /',
  accepts: (value): value is string => typeof value === 'string' && value.startsWith('/'),
}
const inspectorOptions = { path: pathOption, requests: wholeNumber(1, 1_000), enabled: flag, remote: flag }

/** What stands at the inspector's path. @since 0.2 */
export interface InspectorAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type Asked = Pick<IncomingMessage, 'url' | 'method' | 'headers'> & { readonly socket?: { readonly remoteAddress?: string | undefined } }

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
}

/**
 * A page for the time of development: open scopes and transactions, the pool, the last requests with their statements, times and places, texts
 * by the time that they took, and reports. Values are never in it.
 *
 * The adapters mount it, `app.use(db.inspector())`; with other frameworks, ask it by `answer`. It hears of all databases of the process, and
 * shows the pool of its own.
 *
 * @since 0.2
 * @example
 * const inspector = new Inspector(db)
 * createServer((req, res) => inspector.serve(req, res) || app(req, res))
 */
export class Inspector implements Disposable {
  /** The path at which it stands. */
  readonly path: string
  readonly #db: { readonly dataSource: AlchemyDataSource }
  readonly #remote: boolean
  readonly #activity: Activity
  /** Ends what it hears. */
  readonly #stops: (() => void)[] = []

  /** @throws {InvalidOptionError} An option is unknown, or is none that it takes. */
  constructor(db: { readonly dataSource: AlchemyDataSource }, options?: InspectorOptions) {
    const isDeveloping = process.env['NODE_ENV'] !== 'production'
    const {
      path = '/_alchemy',
      requests = 100,
      enabled = isDeveloping,
      remote = false,
    } = readOptions(inspectorOptions, options, 'inspector()')
    this.#db = db
    this.path = path
    this.#remote = remote
    const activity = new Activity(requests)
    this.#activity = activity
    if (!enabled) return
    const never = (): boolean => false
    this.#hear(
      'active-alchemy:scope',
      (told) => activity.scopeBegan(told),
      never,
      (told) => activity.scopeEnded(told),
    )
    this.#hear(
      'active-alchemy:transaction',
      (told) => activity.transactionBegan(told),
      never,
      (told) => activity.transactionEnded(told),
    )
    this.#hear(
      'active-alchemy:query',
      (told) => activity.statementBegan(told),
      (told) => told.rows !== undefined || 'error' in told,
      (told) => activity.statementEnded(told),
    )
    const nothing = (): void => undefined
    this.#hear(
      'active-alchemy:pool',
      nothing,
      ({ waitedMs }) => waitedMs !== undefined,
      (told) => activity.waited(told),
    )
    const report = (told: unknown): void => {
      if (isReport(told)) activity.reported(told)
    }
    subscribe(reportChannel, report)
    this.#stops.push(() => unsubscribe(reportChannel, report))
  }

  /** Answers a request for the page. @returns Whether it was one. */
  serve(req: IncomingMessage, res: ServerResponse): boolean {
    const answer = this.answer(req)
    if (!answer) return false
    res.writeHead(answer.status, answer.headers)
    res.end(req.method === 'HEAD' ? undefined : answer.body)
    return true
  }

  /** What a request for the page is answered with; `undefined` of one for something else, and where it is not there. */
  answer({ url = '/', method, headers: sent, socket }: Asked): InspectorAnswer | undefined {
    if (this.#stops.length === 0 || url.split('?', 1)[0] !== this.path || (method !== 'GET' && method !== 'HEAD')) return undefined
    if (!this.#remote && !(isLoopback(socket?.remoteAddress) && isOwnName(sent.host))) {
      const body = `The page is for this machine alone. Look at it by localhost, or allow others: inspector({ remote: true }).\n`
      return { status: 403, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' }, body }
    }
    const { driver, engine } = this.#db.dataSource
    const { name } = engine.settings
    const kind = [driver.kind, driver.version].filter(Boolean).join(' ')
    const body = page({ name, kind, pool: driver.pool, activity: this.#activity, own: currentScope()?.trace?.id })
    return { status: 200, headers, body }
  }

  /** Ends it: nothing more is kept, and its path is not found. */
  [Symbol.dispose](): void {
    for (const stop of this.#stops.splice(0)) stop()
  }

  /** @param isDone Tells at the end of a call whether the work was done in it. */
  #hear<Name extends keyof Traces>(
    name: Name,
    began: (told: Traces[Name]) => void,
    isDone: (told: Traces[Name]) => boolean,
    ended: (told: Traces[Name]) => void,
  ): void {
    const channel = tracingChannel<unknown, Traces[Name]>(name)
    const end = (told: Traces[Name]): void => {
      if (isDone(told)) ended(told)
    }
    const nothing = (): void => undefined
    const subscribers = { start: began, end, asyncStart: nothing, asyncEnd: ended, error: nothing }
    channel.subscribe(subscribers)
    this.#stops.push(() => channel.unsubscribe(subscribers))
  }
}

/** The addresses by which a machine calls itself. */
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

function isLoopback(address = ''): boolean {
  const plain = address.replace(/^::ffff:/, '')
  const version = isIP(plain)
  return version !== 0 && loopback.check(plain, version === 4 ? 'ipv4' : 'ipv6')
}

/** Whether a header `Host` is no name that another site could have given to this machine. */
function isOwnName(host = ''): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name.replace(/^\[|\]$/g, '')) !== 0
}

/** Anybody may publish on a channel. */
function isReport(told: unknown): told is ReportEvent {
  return typeof told === 'object' && told !== null && 'kind' in told && 'label' in told && 'message' in told
}
