import { createReadStream } from 'node:fs'
import { cp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import * as alchemy from '@active-alchemy/nest'
import multipart from '@fastify/multipart'
import * as common from '@nestjs/common'
import * as core from '@nestjs/core'
import * as express from '@nestjs/platform-express'
import * as fastify from '@nestjs/platform-fastify'
import type { RequestHandler } from 'express'
import multer from 'multer'
import { type AppParts, type Framework, type Handler, listen, type Reply, statusOf, wordsOf } from './framework.ts'

/** One version of Nest, with the adapter on it. */
interface Nest {
  readonly common: typeof common
  readonly core: typeof core
  readonly alchemy: typeof alchemy
  readonly express: typeof express
  readonly fastify: typeof fastify
}

/** The request and the response of a platform: of Express they are the raw ones. */
type Wrapped<Message> = Message | { readonly raw: Message }
interface Platform {
  /** Middleware of the application's module. */
  readonly middleware: readonly RequestHandler[]
  /** Makes an application that parses the bodies of the suite. */
  create(module: common.Type, parts: AppParts, nest: Nest): Promise<common.INestApplication>
}

const onExpress: Platform = {
  middleware: [multer().any()],
  async create(module, _parts, { core, express }) {
    const adapter = new express.ExpressAdapter()
    const app = await core.NestFactory.create<express.NestExpressApplication>(module, adapter, { logger: false })
    return app.useBodyParser('json', { limit: '5mb' })
  },
}

const onFastify: Platform = {
  middleware: [],
  async create(module, { http2 }, { core, fastify }) {
    const overHttp2 = http2 ? { http2, forceCloseConnections: true } : {}
    const adapter = new fastify.FastifyAdapter({ bodyLimit: 5_000_000, ...overHttp2 } as object)
    const app = await core.NestFactory.create<fastify.NestFastifyApplication>(module, adapter, { logger: false })
    await app.register(multipart, { attachFieldsToBody: 'keyValues' })
    adapter.getInstance().addContentTypeParser('application/octet-stream', (_request, _body, done) => done(null))
    return app
  },
}

/** The application of the suite: a controller whose handlers return what Nest makes an answer of. */
function rootModule(
  { common, alchemy }: Nest,
  { routes, routeOptions = {}, databases, options = {}, errors, mountTwice, initAppLast, between, over }: AppParts,
  platformMiddleware: readonly RequestHandler[],
): common.Type {
  const { Controller, HttpCode, Module, Req, RequestMapping, RequestMethod, Res } = common
  class Suite {}
  for (const [index, [route, handler]] of Object.entries(routes).entries()) {
    const [method = 'GET', path = '/'] = route.split(' ')
    const name = `handle${index}`
    const descriptor = { value: (req: Wrapped<IncomingMessage>, res: Wrapped<ServerResponse>) => answer(common, handler, req, res) }
    Object.defineProperty(Suite.prototype, name, descriptor)
    RequestMapping({ path, method: RequestMethod[method as 'GET'] })(Suite.prototype, name, descriptor)
    HttpCode(200)(Suite.prototype, name, descriptor)
    // Own ones: a row puts options on every object.
    const { rollbackWhen, isolation } = { rollbackWhen: undefined, isolation: undefined, ...routeOptions[route] }
    if (rollbackWhen) alchemy.RollbackWhen(rollbackWhen)(Suite.prototype, name, descriptor)
    if (isolation) alchemy.Isolation(isolation)(Suite.prototype, name, descriptor)
    Req()(Suite.prototype, name, 0)
    Res({ passthrough: true })(Suite.prototype, name, 1)
  }
  Controller()(Suite)
  type Use = (req: IncomingMessage, res: ServerResponse, next: () => void) => void
  const useOver: Use[] = over ? [(req, res, next) => (over(req, res), next())] : []
  const useBetween: Use[] = between ? [(_req, _res, next) => between(next)] : []
  const middleware = [...platformMiddleware, ...useOver, ...useBetween]
  // A module without middleware has no `configure`: the adapter mounts otherwise then.
  class Plain {}
  class WithMiddleware implements common.NestModule {
    configure(consumer: common.MiddlewareConsumer): void {
      consumer.apply(...middleware).forRoutes('{*all}')
    }
  }
  const Root = middleware.length > 0 ? WithMiddleware : Plain
  const [first, ...others] = databases
  const bindOptions = { ...options, json: errors === 'json' }
  const imports = initAppLast
    ? []
    : [
        ...(first ? [alchemy.AlchemyModule.forRoot({ db: first, close: false, ...bindOptions })] : []),
        ...others.map((db, index) => alchemy.AlchemyModule.forRoot({ db, name: `other ${index}`, close: false })),
        ...(first && mountTwice ? [alchemy.AlchemyModule.forRoot({ db: first, name: 'again', close: false, ...bindOptions })] : []),
      ]
  Module({ imports, controllers: [Suite] })(Root)
  return Root
}

async function answer(
  { StreamableFile }: typeof common,
  handler: Handler,
  request: Wrapped<IncomingMessage>,
  response: Wrapped<ServerResponse>,
): Promise<unknown> {
  const [req, res] = [raw(request), raw(response)]
  const reply: Reply = await handler({ req, res, body: Reflect.get(request, 'body') as unknown })
  const set = response as unknown as { status(status: number): void; redirect(url: string): void; send(body: unknown): void }
  if ('json' in reply) {
    if (reply.status !== undefined) set.status(reply.status)
    return reply.json
  }
  if ('text' in reply) return reply.text
  if ('file' in reply) return new StreamableFile(createReadStream(reply.file))
  if ('stream' in reply) return new StreamableFile(reply.stream)
  if ('status' in reply) {
    set.status(reply.status)
    return undefined
  }
  // Answered by the handler: with `passthrough` Nest answers what is returned, so nothing is.
  if ('redirect' in reply) {
    set.status(302)
    set.redirect(reply.redirect)
  } else if ('raw' in reply) await reply.raw(res)
  else {
    set.send(reply.twice[0])
    set.send(reply.twice[1])
  }
  return new Promise(() => undefined)
}

function raw<Message extends object>(message: Wrapped<Message>): Message {
  return 'raw' in message ? message.raw : message
}

/** The application's own way to word errors. */
function wordingFilter({ Catch }: typeof common, app: common.INestApplication, errorStatus: number | undefined): common.ExceptionFilter {
  const http = app.getHttpAdapter()
  class Wording implements common.ExceptionFilter {
    catch(error: unknown, host: common.ArgumentsHost): void {
      const response: unknown = host.switchToHttp().getResponse()
      if (http.isHeadersSent(response)) return
      http.reply(response, wordsOf(error), errorStatus ?? statusOf(error))
    }
  }
  Catch()(Wording)
  return new Wording()
}

function framework(name: string, platform: Platform, load: () => Promise<Nest>, rest: Pick<Framework, 'lacks' | 'databases'>): Framework {
  return {
    name,
    ...rest,
    async start(parts) {
      const nest = await load()
      const app = await platform.create(rootModule(nest, parts, platform.middleware), parts, nest)
      const { beneath, errors, initAppLast } = parts
      if (beneath) app.use((req: IncomingMessage, res: ServerResponse, next: () => void) => (beneath(req, res), next()))
      if (initAppLast) for (const db of parts.databases) nest.alchemy.initApp(app, db, { ...parts.options, json: errors === 'json' })
      if (errors === undefined || errors === 'application') app.useGlobalFilters(wordingFilter(nest.common, app, parts.errorStatus))
      await app.init()
      const instance = app.getHttpAdapter().getInstance() as { ready?: () => Promise<unknown> }
      if (app.getHttpAdapter().getType() === 'fastify') await instance.ready?.()
      const running = await listen(app.getHttpServer() as Parameters<typeof listen>[0])
      return {
        ...running,
        async stop() {
          await running.stop()
          await app.close()
        },
      }
    },
  }
}

const nest12 = async (): Promise<Nest> => ({ common, core, alchemy, express, fastify })

/** The packages of Nest 11, which import each other by name, so that they have a folder of their own. */
const compat = join(import.meta.dirname, '../../compat/nest11')

/** Puts the sources of the adapter where what they import from Nest is that of Nest 11. @returns The folder. */
export async function copyForNest11(): Promise<string> {
  // Workers run beside each other.
  const folder = join(compat, '.adapter', process.env['VITEST_POOL_ID'] ?? '0')
  await rm(folder, { recursive: true, force: true })
  await cp(join(import.meta.dirname, '../../packages/nest/src'), folder, { recursive: true })
  const compilerOptions = { composite: false, noEmit: true, declaration: false, declarationMap: false }
  const tsconfig = { extends: '../../../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  return folder
}

let copied: Promise<string> | undefined

async function nest11(): Promise<Nest> {
  copied ??= copyForNest11()
  const sources = await copied
  const require = createRequire(join(compat, 'package.json'))
  return {
    common: require('@nestjs/common') as typeof common,
    core: require('@nestjs/core') as typeof core,
    express: require('@nestjs/platform-express') as typeof express,
    fastify: require('@nestjs/platform-fastify') as typeof fastify,
    alchemy: (await import(join(sources, 'index.ts'))) as typeof alchemy,
  }
}

const lacksOfExpress = {
  'HTTP/2': 'Express has no HTTP/2',
  'a second mount': 'Nest mounts once, on the platform',
}
export const nestExpress = framework('nest 12 on express', onExpress, nest12, { lacks: lacksOfExpress })
const lacksOfFastify = {
  'an end before the head': 'Fastify sends the head first',
  'lost sessions': 'the hook of Fastify comes after middleware, and finds the session again',
}
export const nestFastify = framework('nest 12 on fastify', onFastify, nest12, { lacks: lacksOfFastify })
export const nest11Express = framework('nest 11 on express', onExpress, nest11, {
  lacks: lacksOfExpress,
  databases: ['sqlite'],
})
export const nest11Fastify = framework('nest 11 on fastify', onFastify, nest11, { lacks: lacksOfFastify, databases: ['sqlite'] })
