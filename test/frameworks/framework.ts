import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2Server } from 'node:http2'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { ActiveAlchemy } from '@active-alchemy/core'
import type { BindOptions } from '@active-alchemy/core/http'

/** What a handler of the suite gets, whatever the framework. */
export interface Call {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly body: unknown
}

/** What a handler of the suite answers, in the words of each framework. */
export type Reply =
  | { readonly json: unknown; readonly status?: number }
  | { readonly text: string }
  | { readonly redirect: string }
  | { readonly status: number }
  | { readonly file: string }
  | { readonly stream: Readable }
  /** The handler answers on the raw response, and the framework keeps out of it. */
  | { readonly raw: (res: ServerResponse) => unknown }
  /** A second answer while the first is under way. */
  | { readonly twice: readonly [unknown, unknown] }

/** A route of the suite. */
export type Handler = (call: Call) => Promise<Reply> | Reply

/** What a route may decide for itself in every framework. */
type RouteOptions = Pick<BindOptions, 'rollbackWhen' | 'isolation'>

/** What an application of the suite is made of. */
export interface AppParts {
  /** Handlers by method and path: `POST /notes`. */
  readonly routes: Readonly<Record<string, Handler>>
  readonly databases: readonly ActiveAlchemy[]
  readonly options?: BindOptions
  /** What routes decide for themselves, each in the way of the framework. @default nothing */
  readonly routeOptions?: Readonly<Record<string, RouteOptions>>
  /** What the application's own error handler answers. @default the error's status, else 500 */
  readonly errorStatus?: number
  /** Whether the adapter is mounted twice. @default false */
  readonly mountTwice?: boolean
  /** Who answers errors: the application's own handler, nobody but the framework and the adapter, or the adapter as JSON. @default 'application' */
  readonly errors?: 'application' | 'framework' | 'json'
  /** Whether `initApp` binds the application, after the routes where the framework can have that. @default false: the adapter stands first */
  readonly initAppLast?: boolean
  /** What lies beneath the binding, as middleware does that was mounted before it. @default none */
  readonly beneath?: (req: IncomingMessage, res: ServerResponse) => void
  /** What lies over the binding, as middleware does that was mounted behind it. @default none */
  readonly over?: (req: IncomingMessage, res: ServerResponse) => void
  /** Middleware behind the first mount that calls on from wherever it likes, as callbacks of a pooled socket do. @default none */
  readonly between?: (next: () => void) => void
  /** Whether the server speaks HTTP/2. @default false */
  readonly http2?: boolean
}

/** A row that not every framework can have. */
export type FrameworkLack =
  | 'HTTP/2'
  | 'a second mount'
  | 'lost sessions'
  | 'second answers'
  | 'events in the session'
  | 'an end before the head'

/** One framework that the request suite runs on. */
export interface Framework {
  readonly name: string
  /** Databases that it is combined with. @default all */
  readonly databases?: readonly string[]
  readonly lacks: Readonly<Partial<Record<FrameworkLack, string>>>
  /** Starts an application on a free port of loopback. */
  start(parts: AppParts): Promise<RunningApp>
}

/** An application that listens. */
export interface RunningApp {
  readonly url: string
  readonly server: Server | Http2Server
  stop(): Promise<void>
}

/** Starts a server on a free port of loopback. */
export async function listen(server: Server | Http2Server): Promise<RunningApp> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    server,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** The status of an error's answer: ours say it in both ways, those of the frameworks in one. */
export function statusOf(error: unknown): number {
  const { status, statusCode = status } = Object(error) as { readonly status?: unknown; readonly statusCode?: unknown }
  return typeof statusCode === 'number' ? statusCode : 500
}

/** The body of an error's answer: it shows that the application worded it. */
export function wordsOf(error: unknown): { readonly worded: string } {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return { worded: String(code ?? (error instanceof Error ? error.message : error)) }
}
