import type { IncomingMessage, ServerResponse } from 'node:http'
import { AlchemyModule, Isolation, RollbackWhen } from '@active-alchemy/nest'
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type ModuleMetadata,
  type NestInterceptor,
  Param,
  type PipeTransform,
  Post,
  Res,
  Sse,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  VersioningType,
} from '@nestjs/common'
import { APP_FILTER, APP_GUARD, RouterModule } from '@nestjs/core'
import { from, lastValueFrom, map, mergeMap, type Observable, of, throwError } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { create, listen, openStore, platforms, type Store } from './application.ts'

/** What both platforms have to answer with. */
interface Answering {
  status(status: number): { send(body: unknown): void }
  redirect(url: string): void
}

for (const platform of platforms) {
  describe(`Nest on ${platform}`, () => {
    let store: Store
    const apps: INestApplication[] = []

    beforeEach(async () => {
      store = await openStore()
    })
    afterEach(async () => {
      for (const app of apps.splice(0)) await app.close()
      await store.end()
    })

    async function prepare({ imports = [], ...metadata }: ModuleMetadata, options = {}): Promise<INestApplication> {
      const root = AlchemyModule.forRoot({ db: store.db, report: () => undefined, ...options })
      const app = await create(platform, { imports: [root, ...imports], ...metadata })
      apps.push(app)
      return app
    }
    const start = async (metadata: ModuleMetadata, options = {}): Promise<string> => listen(await prepare(metadata, options))
    const post = (url: string, path = ''): Promise<Response> => fetch(`${url}/notes${path}`, { method: 'POST', redirect: 'manual' })
    const write = async (text: string): Promise<{ text: string }> => ({ text: (await store.Note.create({ text })).text })

    /** Answers every error with success, as a redirect to a login page would. */
    @Catch()
    class Forgiving implements ExceptionFilter {
      catch(_error: unknown, host: ArgumentsHost): void {
        host.switchToHttp().getResponse<Answering>().status(200).send({ forgiven: true })
      }
    }
    @Catch(TypeError)
    class ForTypeErrors extends Forgiving {}
    class Failing implements CanActivate, PipeTransform, NestInterceptor {
      async canActivate(): Promise<boolean> {
        await write('guard')
        throw new TypeError('guard')
      }
      async transform(): Promise<unknown> {
        await write('pipe')
        throw new TypeError('pipe')
      }
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle().pipe(mergeMap(() => throwError(() => new TypeError('interceptor'))))
      }
    }
    class Denying implements CanActivate {
      async canActivate(): Promise<boolean> {
        await write('denied')
        return false
      }
    }

    it('a guard that writes and denies rolls back', async () => {
      @Controller('notes')
      class Notes {
        @Post()
        @UseGuards(new Denying())
        create(): Promise<unknown> {
          return write('never')
        }
      }
      expect((await post(await start({ controllers: [Notes] }))).status).toBe(403)
      expect(await store.texts()).toEqual([])
    })

    for (const place of ['handler', 'controller', 'module', 'application'] as const) {
      it(`an error that a filter of the ${place} answers with success rolls back, wherever it was thrown`, async () => {
        const ofHandler = place === 'handler' ? UseFilters(new ForTypeErrors()) : (): void => undefined
        const ofController = place === 'controller' ? UseFilters(ForTypeErrors) : (): void => undefined
        @Controller('notes')
        @ofController
        class Notes {
          @Post('guard')
          @UseGuards(new Failing())
          @ofHandler
          guard(): void {}
          @Post('pipe/:id')
          @UsePipes(new Failing())
          @ofHandler
          pipe(@Param('id') _id: string): void {}
          @Post('interceptor')
          @UseInterceptors(new Failing())
          @ofHandler
          interceptor(): Promise<unknown> {
            return write('interceptor')
          }
          @Post('handler')
          @ofHandler
          async handler(): Promise<void> {
            await write('handler')
            throw new TypeError('handler')
          }
          @Post('stream')
          @ofHandler
          stream(): Observable<unknown> {
            return from(write('stream')).pipe(mergeMap(() => throwError(() => new TypeError('stream'))))
          }
        }
        const app = await prepare({
          controllers: [Notes],
          providers: place === 'module' ? [{ provide: APP_FILTER, useClass: ForTypeErrors }] : [],
        })
        if (place === 'application') app.useGlobalFilters(new Forgiving())
        const url = await listen(app)
        for (const path of ['/guard', '/pipe/1', '/interceptor', '/handler', '/stream']) {
          const answer = await post(url, path)
          expect([path, answer.status, await answer.json()]).toEqual([path, 200, { forgiven: true }])
        }
        expect(await store.texts()).toEqual([])
      })
    }

    it('an exception whose own status says success rolls back', async () => {
      @Controller('notes')
      class Notes {
        @Post()
        async create(): Promise<void> {
          await write('lost')
          throw new HttpException('elsewhere', 302)
        }
      }
      expect((await post(await start({ controllers: [Notes] }))).status).toBe(302)
      expect(await store.texts()).toEqual([])
    })

    it('an error that an interceptor turns into an answer was handled: it commits', async () => {
      class Saving implements NestInterceptor {
        async intercept(_context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
          return of(await lastValueFrom(next.handle()).catch(() => 'saved'))
        }
      }
      @Controller('notes')
      @UseInterceptors(new Saving())
      class Notes {
        @Post()
        async create(): Promise<void> {
          await write('kept')
          throw new Error('boom')
        }
      }
      expect(await (await post(await start({ controllers: [Notes] }))).text()).toBe('saved')
      expect(await store.texts()).toEqual(['kept'])
    })

    it('guards, interceptors, pipes and middleware of modules share the session of the handler', async () => {
      class Around implements NestInterceptor {
        async intercept(_context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
          await write('before')
          return next.handle().pipe(mergeMap(async (value: unknown) => (await write('after'), value)))
        }
      }
      class Passing implements CanActivate, PipeTransform {
        canActivate = async (): Promise<boolean> => (await write('guard'), true)
        transform = async (value: unknown): Promise<unknown> => (await write('pipe'), value)
      }
      @Controller('notes')
      class Notes {
        @Post(':end')
        @UseGuards(new Passing())
        @UseInterceptors(new Around())
        async create(@Param('end', new Passing()) end: string): Promise<object> {
          await write('handler')
          if (end === 'bad') throw new HttpException('no', 409)
          return { session: store.db.session.manager.queryRunner !== undefined }
        }
      }
      class Other {
        configure(consumer: MiddlewareConsumer): void {
          consumer.apply(async (_req: unknown, _res: unknown, next: () => void) => (await write('middleware'), next())).forRoutes('{*all}')
        }
      }
      Module({ controllers: [Notes] })(Other)
      const url = await start({ imports: [Other] })
      expect((await post(url, '/bad')).status).toBe(409)
      expect(await store.texts()).toEqual([])
      expect((await post(url, '/good')).status).toBe(201)
      expect(await store.texts()).toEqual(['middleware', 'guard', 'before', 'pipe', 'handler', 'after'])
    })

    it('an Observable of many values commits once, before the answer', async () => {
      @Controller('notes')
      class Notes {
        @Post()
        create(): Observable<unknown> {
          return from([1, 2, 3]).pipe(mergeMap(async (n) => (await write(`n${n}`), n)))
        }
      }
      const answer = await post(await start({ controllers: [Notes] }))
      expect([answer.status, await answer.text(), await store.texts()]).toEqual([201, '3', ['n1', 'n2', 'n3']])
    })

    it('@Res() handlers commit before what they send, however late they send it', async () => {
      @Controller('notes')
      class Notes {
        @Post('late')
        late(@Res() res: Answering): void {
          setTimeout(() => void write('late').then((note) => res.status(200).send(note)), 5)
        }
        @Post('broken')
        async broken(@Res() res: Answering): Promise<void> {
          await write('broken')
          await store.breakCommit()
          res.status(200).send({ ok: true })
        }
      }
      const url = await start({ controllers: [Notes] })
      const late = await post(url, '/late')
      expect([late.status, await store.texts(), await late.json()]).toEqual([200, ['late'], { text: 'late' }])
      const broken = await post(url, '/broken')
      expect([broken.status >= 400, await broken.text(), await store.texts()]).toEqual([true, expect.not.stringContaining('ok'), ['late']])
    })

    it('server-sent events: the commit comes before the first one, and what the stream throws before it rolls back', async () => {
      @Controller('notes')
      class Notes {
        @Sse('good')
        good(): Observable<{ data: string }> {
          return from(write('kept')).pipe(map(({ text }) => ({ data: text })))
        }
        @Sse('bad')
        bad(): Observable<{ data: string }> {
          return from(write('lost')).pipe(mergeMap(() => throwError(() => new Error('boom'))))
        }
        @Sse('thrown')
        async thrown(): Promise<Observable<{ data: string }>> {
          await write('lost')
          throw new Error('boom')
        }
        @Sse('broken')
        broken(): Observable<{ data: string }> {
          return from(write('lost').then(() => store.breakCommit())).pipe(map(() => ({ data: 'never' })))
        }
      }
      const url = await start({ controllers: [Notes] })
      const good = await fetch(`${url}/notes/good`)
      expect([good.status, await store.texts(), await good.text()]).toEqual([200, ['kept'], expect.stringContaining('data: kept')])
      for (const path of ['bad', 'thrown']) await (await fetch(`${url}/notes/${path}`)).text()
      expect(await store.texts()).toEqual(['kept'])
      const broken = await fetch(`${url}/notes/broken`)
      expect([broken.status >= 400, await broken.text()]).toEqual([true, expect.not.stringContaining('never')])
      expect(await store.texts()).toEqual(['kept'])
    })

    it('@RollbackWhen decides for a controller, a handler before it, and before every guard of the application', async () => {
      @Controller('notes')
      @RollbackWhen(({ status }) => status >= 500)
      class Notes {
        @Post('kept')
        async kept(): Promise<void> {
          await write('kept')
          throw new HttpException('no', 422)
        }
        @Post('lost')
        @RollbackWhen(({ status }) => status === 200)
        async lost(@Res() res: Answering): Promise<void> {
          await write('lost')
          res.status(200).send({})
        }
        @Post('broken')
        async broken(): Promise<void> {
          await write('broken')
          throw new Error('boom')
        }
      }
      const url = await start({ controllers: [Notes] })
      expect([(await post(url, '/kept')).status, (await post(url, '/lost')).status, (await post(url, '/broken')).status]).toEqual([
        422, 200, 500,
      ])
      expect(await store.texts()).toEqual(['kept'])
      const guarded = await start({ controllers: [Notes], providers: [{ provide: APP_GUARD, useClass: Denying }] })
      expect((await post(guarded, '/kept')).status).toBe(403)
      expect(await store.texts()).toEqual(['kept', 'denied'])
    })

    it('@Isolation decides for a controller, and a handler before it', async () => {
      // At such a level a read is part of the transaction.
      const read = async (): Promise<object> => ({ notes: await store.Note.count(), inTransaction: store.db.session.inTransaction })
      @Controller('notes')
      class Usual {
        @Post('usual')
        usual(): Promise<object> {
          return read()
        }
        @Post('strict')
        @Isolation('REPEATABLE READ')
        strict(): Promise<object> {
          return read()
        }
      }
      @Controller('notes')
      @Isolation('SERIALIZABLE')
      class Strict {
        @Post('all')
        all(): Promise<object> {
          return read()
        }
      }
      const url = await start({ controllers: [Usual, Strict] })
      const answers = await Promise.all(['/usual', '/strict', '/all'].map(async (path) => (await post(url, path)).json()))
      expect(answers).toEqual([
        { notes: 0, inTransaction: false },
        { notes: 0, inTransaction: true },
        { notes: 0, inTransaction: true },
      ])
    })

    describe('no route passes the binding by', () => {
      @Controller({ path: 'notes', version: ['1', '2'] })
      class Versioned {
        @Get('one/:id')
        one(@Param('id') id: string): object {
          return { id, label: store.db.session.constructor.name }
        }
      }
      @Controller()
      class Plain {
        @Get()
        root(): object {
          return { label: store.db.session.constructor.name }
        }
        @Get(['plain/:id', platform === 'express' ? 'files/*path' : 'files/*'])
        plain(): object {
          return this.root()
        }
      }
      const ask = async (url: string, path: string, headers = {}, method = 'GET'): Promise<[string, number]> => [
        path,
        (await fetch(`${url}${path}`, { headers, method })).status,
      ]

      it('behind a global prefix, its exclusions, versions in the path and RouterModule', async () => {
        class Inner {}
        Module({ controllers: [Versioned] })(Inner)
        const app = await prepare({
          imports: [Inner, RouterModule.register([{ path: 'inner', module: Inner }])],
          controllers: [Plain],
        })
        app.setGlobalPrefix('api', { exclude: ['plain/:id'] })
        app.enableVersioning({ type: VersioningType.URI })
        const url = await listen(app)
        const paths = ['/api/v1/inner/notes/one/1', '/api/v2/inner/notes/one/1', '/api', '/plain/1', '/plain/%31', '/api/files/a/b']
        for (const path of paths) expect(await ask(url, path)).toEqual([path, 200])
        for (const path of paths) expect(await ask(url, path, {}, 'HEAD')).toEqual([path, 200])
        expect(await ask(url, '/api/')).toEqual(['/api/', platform === 'express' ? 200 : 404])
      })

      it('behind versions in a header, encoded paths, slashes and a query', async () => {
        const app = await prepare({ controllers: [Versioned, Plain] })
        app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' })
        const url = await listen(app)
        for (const version of ['1', '2']) {
          expect(await ask(url, '/notes/one/1', { 'x-version': version })).toEqual(['/notes/one/1', 200])
        }
        const paths = ['/', '/?x=1', '/plain/a%2Fb', '/pl%61in/1', '/plain/%E2%82%AC', '/plain/1?x=%2F', '/files/%2e%2e/x']
        // Platforms differ in what they find; what is found has its session, or it would be a 500.
        for (const path of paths)
          expect(await ask(url, path)).toEqual([path, expect.toSatisfy((status) => status === 200 || status === 404)])
      })

      it('a handler whose context was lost is refused, loudly', async () => {
        class Losing {
          configure(consumer: MiddlewareConsumer): void {
            consumer.apply((_req: unknown, _res: unknown, next: () => void) => store.db.detach(next)).forRoutes('{*all}')
          }
        }
        Module({})(Losing)
        const seen: unknown[] = []
        @Catch()
        class Seeing implements ExceptionFilter {
          catch(error: unknown, host: ArgumentsHost): void {
            seen.push(error)
            host.switchToHttp().getResponse<Answering>().status(500).send({})
          }
        }
        const app = await prepare({ imports: [Losing], controllers: [Plain] })
        app.useGlobalFilters(new Seeing())
        // The hook of Fastify comes after middleware, and finds the scope again.
        const refusal = { code: 'NO_SCOPE', message: expect.stringContaining('Plain.plain') as string }
        const [status, errors] = platform === 'express' ? [500, [refusal]] : [200, []]
        expect([await ask(await listen(app), '/plain/1'), seen]).toMatchObject([['/plain/1', status], errors])
      })

      it('what is skipped has no session, and is not refused', async () => {
        @Controller()
        class Skipped {
          @Get('skipped')
          skipped(): object {
            expect(() => store.db.session).toThrow('outside any request')
            return {}
          }
        }
        const url = await start({ controllers: [Skipped] }, { skip: ({ url }: { url?: string }) => url === '/skipped' })
        expect(await ask(url, '/skipped')).toEqual(['/skipped', 200])
      })
    })

    it('middleware of a module that answers by itself commits first; a hijacked answer too', async () => {
      const answering = async (req: IncomingMessage, res: ServerResponse, next: () => void): Promise<void> => {
        const path = Reflect.get(req, 'originalUrl') as unknown
        if (path === '/notes/handler') return next()
        await write(String(path))
        if (path === '/notes/broken') await store.breakCommit()
        res.end('answered')
      }
      @Controller('notes')
      class Notes {
        @Post('handler')
        async create(@Res() res: Answering & ServerResponse): Promise<void> {
          const raw = Reflect.get(res, 'raw') as ServerResponse | undefined
          if (raw) (Reflect.get(res, 'hijack') as () => void).call(res)
          await write('handler')
          await store.breakCommit()
          ;(raw ?? res).end('answered')
        }
      }
      class Early {
        configure(consumer: MiddlewareConsumer): void {
          consumer.apply(answering).forRoutes('{*all}')
        }
      }
      Module({ controllers: [Notes] })(Early)
      const url = await start({ imports: [Early] })
      const answers = []
      for (const path of ['/good', '/broken', '/handler']) {
        const answer = await post(url, path)
        answers.push([answer.status >= 400, await answer.text()])
      }
      const refused = [true, expect.not.stringContaining('answered')]
      expect([answers, await store.texts()]).toEqual([[[false, 'answered'], refused, refused], ['/notes/good']])
    })

    it('a failed commit is worded by the filters of the application', async () => {
      @Catch()
      class Wording implements ExceptionFilter {
        catch(error: Error, host: ArgumentsHost): void {
          host.switchToHttp().getResponse<Answering>().status(200).send({ worded: error.name })
        }
      }
      @Controller('notes')
      class Notes {
        @Post()
        async create(): Promise<object> {
          await write('lost')
          await store.breakCommit()
          return { ok: true }
        }
      }
      const app = await prepare({ controllers: [Notes], providers: [{ provide: APP_FILTER, useClass: Wording }] })
      const answer = await post(await listen(app))
      expect([answer.status, await answer.json()]).toEqual([500, { worded: expect.any(String) as string }])
    })
  })
}
