import { request } from 'node:http'
import { middleware as expressMiddleware } from '@active-alchemy/express'
import { plugin as fastifyPlugin } from '@active-alchemy/fastify'
import {
  ActiveAlchemy,
  AlchemyHealthIndicator,
  AlchemyModule,
  getAlchemyToken,
  getModelToken,
  InjectAlchemy,
  InjectModel,
  InjectSession,
  initApp,
  type Session,
  typeOrmOptions,
} from '@active-alchemy/nest'
import { Controller, Get, HttpException, type INestApplication, Inject, Injectable, Module, Param, Post } from '@nestjs/common'
import { ConfigModule, ConfigService } from '@nestjs/config'
import { ApplicationConfig, NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { HealthCheckService, TerminusModule } from '@nestjs/terminus'
import { Test } from '@nestjs/testing'
import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm'
import express from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { Column, Entity, PrimaryGeneratedColumn, type Repository } from 'typeorm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noteModel } from '../conformance/world.ts'
import { sqliteFile } from '../databases/sqlite.ts'
import { create, listen, openStore, platforms, type Store } from './application.ts'

describe('AlchemyModule', () => {
  let store: Store
  const apps: { close(): Promise<void> }[] = []
  const kept = <App extends { close(): Promise<void> }>(app: App): App => (apps.push(app), app)

  beforeEach(async () => {
    store = await openStore()
  })
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close()
    await store.end()
  })
  const post = async (url: string, path: string): Promise<[number, unknown]> => {
    const answer = await fetch(`${url}${path}`, { method: 'POST' })
    return [answer.status, await answer.json().catch(() => undefined)]
  }

  /** Providers and a controller that write through everything that can be injected. */
  function parts({ Note }: Pick<Store, 'Note'>) {
    let made = 0
    @Injectable()
    class NotesService {
      constructor(
        @InjectModel(Note) private readonly notes: typeof Note,
        @InjectSession() private readonly session: Session,
        @InjectAlchemy() private readonly db: ActiveAlchemy,
      ) {
        made += 1
      }
      async write(text: string): Promise<{ text: string; same: boolean }> {
        const note = await this.notes.create({ text })
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5))
        const found = await this.session.get(Note, note.id)
        return { text: found?.text ?? 'not found', same: this.session.manager === this.db.session.manager }
      }
    }
    @Controller('notes')
    class Notes {
      constructor(@Inject(NotesService) private readonly service: NotesService) {}
      @Post(':text')
      async create(@Param('text') text: string): Promise<object> {
        const written = await this.service.write(text)
        if (text.startsWith('bad')) throw new HttpException('no', 409)
        return written
      }
    }
    return { NotesService, Notes, made: () => made }
  }

  for (const platform of platforms) {
    it(`injects singletons whose session is that of the request, on ${platform}`, async () => {
      const { Notes, NotesService, made } = parts(store)
      const app = kept(
        await create(platform, {
          imports: [AlchemyModule.forRoot({ db: store.db }), AlchemyModule.forFeature([store.Note])],
          providers: [NotesService],
          controllers: [Notes],
        }),
      )
      const url = await listen(app)
      const names = Array.from({ length: 20 }, (_, index) => `${index % 2 ? 'bad' : 'good'}${index}`)
      const answers = await Promise.all(names.map((name) => post(url, `/notes/${name}`)))
      const good = names.filter((name) => name.startsWith('good'))
      expect(answers.filter(([status]) => status === 201).map(([, body]) => body)).toEqual(good.map((text) => ({ text, same: true })))
      expect((await store.texts()).sort()).toEqual(good.toSorted())
      expect(made()).toBe(1)
    })
  }

  it('forRootAsync configures the database of the models from ConfigService, late', async () => {
    const fresh = await sqliteFile.create()
    const db = new ActiveAlchemy()
    const Note = noteModel(db)
    const { Notes, NotesService } = parts({ Note })
    const app = kept(
      await create('express', {
        imports: [
          AlchemyModule.forRootAsync({
            imports: [ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ DATABASE: { url: fresh.uri } })] })],
            inject: [ConfigService],
            useFactory: async (config: ConfigService) => ({ db: db.configure(config.getOrThrow<string>('DATABASE.url')) }),
          }),
          AlchemyModule.forFeature([Note]),
        ],
        providers: [NotesService],
        controllers: [Notes],
      }),
    )
    await db.createAll()
    expect(await post(await listen(app), '/notes/good')).toEqual([201, { text: 'good', same: true }])
    expect(await Note.count()).toBe(1)
    await app.close()
    await fresh.drop()
  })

  it('databases by name are injected by name, and share the scope', async () => {
    const other = await openStore()
    @Controller('notes')
    class Both {
      constructor(
        @InjectAlchemy('other') private readonly second: ActiveAlchemy,
        @InjectSession('other') private readonly session: Session,
        @InjectModel(other.Note) private readonly others: typeof other.Note,
      ) {}
      @Post(':end')
      async create(@Param('end') end: string): Promise<object> {
        await store.Note.create({ text: end })
        await this.others.create({ text: end })
        if (end === 'bad') throw new HttpException('no', 409)
        return { same: this.second === other.db && this.session.manager === other.db.session.manager }
      }
    }
    const app = kept(
      await create('fastify', {
        imports: [
          AlchemyModule.forRoot({ db: store.db }),
          AlchemyModule.forRoot({ db: other.db, name: 'other' }),
          AlchemyModule.forFeature([other.Note], 'other'),
        ],
        controllers: [Both],
      }),
    )
    const url = await listen(app)
    expect([await post(url, '/notes/good'), (await post(url, '/notes/bad'))[0]]).toEqual([[201, { same: true }], 409])
    expect([await store.texts(), await other.texts()]).toEqual([['good'], ['good']])
    await other.end()
  })

  it('repositories of @nestjs/typeorm join the session', async () => {
    @Entity()
    class Plain {
      @PrimaryGeneratedColumn() declare id: number
      @Column({ type: 'varchar' }) declare text: string
    }
    const fresh = await sqliteFile.create()
    const db = new ActiveAlchemy(fresh.uri, { models: [Plain] })
    const Note = noteModel(db)
    @Controller('notes')
    class Notes {
      constructor(@Inject(getRepositoryToken(Plain)) private readonly plains: Repository<Plain>) {}
      @Post(':end')
      async create(@Param('end') end: string): Promise<object> {
        await this.plains.save({ text: end })
        await this.plains.manager.transaction((manager) => manager.insert(Plain, { text: 'nested' }))
        await Note.create({ text: end })
        if (end === 'bad') throw new HttpException('no', 409)
        return { seen: await this.plains.count() }
      }
    }
    const app = kept(
      await create('express', {
        imports: [
          AlchemyModule.forRoot({ db }),
          TypeOrmModule.forRootAsync({ ...typeOrmOptions(db), imports: [] }),
          TypeOrmModule.forFeature([Plain]),
        ],
        controllers: [Notes],
      }),
    )
    await db.createAll()
    const url = await listen(app)
    expect([(await post(url, '/notes/bad'))[0], await post(url, '/notes/good')]).toEqual([409, [201, { seen: 2 }]])
    expect([await Note.count(), await db.query(Plain).count()]).toEqual([1, 2])
    expect(db.typeOrmOptions().useFactory()).toBe(db.dataSource.options)
    await app.close()
    await expect(db.ping()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    await fresh.drop()
  })

  it('a testing module works: with a server, without one, and with what it overrides', async () => {
    const { Notes, NotesService } = parts(store)
    const metadata = {
      imports: [AlchemyModule.forRoot({ db: store.db, close: false }), AlchemyModule.forFeature([store.Note])],
      providers: [NotesService],
      controllers: [Notes],
    }
    const compiled = await Test.createTestingModule(metadata).compile()
    const service = compiled.get(NotesService)
    expect(await store.db.run(() => service.write('job'))).toEqual({ text: 'job', same: true })
    await compiled.close()
    for (const adapter of [undefined, new FastifyAdapter()]) {
      const module = await Test.createTestingModule(metadata).compile()
      const app = kept(adapter ? module.createNestApplication(adapter) : module.createNestApplication())
      const url = await listen(app)
      expect([await post(url, '/notes/good'), (await post(url, '/notes/bad'))[0]]).toEqual([[201, { text: 'good', same: true }], 409])
    }
    const fake = { create: async () => ({ id: 1 }) }
    const overridden = await Test.createTestingModule(metadata).overrideProvider(getModelToken(store.Note)).useValue(fake).compile()
    expect(overridden.get(getModelToken(store.Note))).toBe(fake)
    expect(overridden.get(getAlchemyToken())).toBe(store.db)
    await overridden.close()
    expect(await store.texts()).toEqual(['job', 'good', 'good'])
  })

  it('a context without a server has databases, and closes them', async () => {
    const { NotesService } = parts(store)
    class Root {}
    Module({
      imports: [AlchemyModule.forRoot({ db: store.db }), AlchemyModule.forFeature([store.Note])],
      providers: [NotesService],
    })(Root)
    const context = await NestFactory.createApplicationContext(Root, { logger: false })
    await store.db.run(() => context.get(NotesService).write('job'))
    await context.close()
    await expect(store.db.ping()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    expect(await store.texts()).toEqual(['job'])
  })

  it('the last of the applications that were given a database closes it, when its requests have been answered', async () => {
    let entered = (): void => undefined
    const isEntered = new Promise<void>((resolve) => (entered = resolve))
    @Controller('notes')
    class Slow {
      @Post()
      async create(): Promise<object> {
        entered()
        await new Promise((resolve) => setTimeout(resolve, 30))
        return { text: (await store.Note.create({ text: 'late' })).text }
      }
    }
    const metadata = { imports: [AlchemyModule.forRoot({ db: store.db })], controllers: [Slow] }
    const [first, second] = [kept(await create('express', metadata)), kept(await create('fastify', metadata))]
    await listen(first)
    await first.close()
    await first.close()
    expect(await store.db.ping()).toBe(true)
    const url = await listen(second)
    const answer = new Promise<number | undefined>((resolve, reject) => {
      const call = request(`${url}/notes`, { method: 'POST', agent: false }, (res) => resolve(res.resume().statusCode))
      call.on('error', reject).end()
    })
    await isEntered
    await second.close()
    await second.close()
    expect([await answer, await store.texts()]).toEqual([201, ['late']])
    await expect(store.db.ping()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
  })

  it('tells Terminus how the databases are, and nothing that is secret', async () => {
    const broken = new ActiveAlchemy('postgresql://joe:s3cret@127.0.0.1:1/none')
    @Controller()
    class Health {
      constructor(
        @Inject(HealthCheckService) private readonly health: HealthCheckService,
        @Inject(AlchemyHealthIndicator) private readonly alchemy: AlchemyHealthIndicator,
      ) {}
      @Get('health')
      good(): Promise<unknown> {
        return this.health.check([() => this.alchemy.isHealthy()])
      }
      @Get('all')
      all(): Promise<unknown> {
        return this.health.check([() => this.alchemy.isHealthy('main'), () => this.alchemy.isHealthy('second', 'broken')])
      }
    }
    const imports = [
      TerminusModule.forRoot({ logger: false }),
      AlchemyModule.forRoot({ db: store.db }),
      AlchemyModule.forRoot({ db: broken, name: 'broken' }),
    ]
    const app = kept(await create('express', { imports, controllers: [Health] }))
    const url = await listen(app)
    const good = await fetch(`${url}/health`)
    expect([good.status, await good.json()]).toMatchObject([200, { info: { database: { status: 'up', busy: false } } }])
    const all = await fetch(`${url}/all`)
    const text = await all.text()
    expect([all.status, JSON.parse(text)]).toMatchObject([
      503,
      { error: { second: { status: 'down', code: expect.any(String) as string } } },
    ])
    expect(text).not.toMatch(/s3cret|joe|127/)
    await expect(app.get(AlchemyHealthIndicator).isHealthy('x', 'nobody')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('@db.Transactional() is one transaction of a job or an event, and keeps what other decorators said', async () => {
    const { db, Note } = store
    const Job = (): MethodDecorator => (_target, _key, descriptor) =>
      Reflect.defineMetadata('job', 'nightly', Object(descriptor.value) as object)
    @Injectable()
    class Jobs {
      private readonly text = 'job'
      @db.Transactional()
      @Job()
      async good(): Promise<string> {
        await Note.create({ text: `${this.text} 1` })
        return (await Note.create({ text: `${this.text} 2` })).text
      }
      @Job()
      @db.Transactional()
      async bad(): Promise<void> {
        await Note.create({ text: 'lost' })
        throw new Error('boom')
      }
    }
    const compiled = kept(await Test.createTestingModule({ imports: [AlchemyModule.forRoot({ db })], providers: [Jobs] }).compile())
    const jobs = compiled.get(Jobs)
    expect(await jobs.good()).toBe('job 2')
    await expect(jobs.bad()).rejects.toThrow('boom')
    expect(await store.texts()).toEqual(['job 1', 'job 2'])
    for (const name of ['good', 'bad'] as const) {
      const method: unknown = Reflect.get(Jobs.prototype, name)
      expect([Reflect.getMetadata('job', Object(method) as object), Reflect.get(Object(method) as object, 'name')]).toEqual([
        'nightly',
        name,
      ])
    }
  })

  for (const platform of platforms) {
    it(`initApp binds an application that imports nothing, once, with the middleware that it adds later, on ${platform}`, async () => {
      const { Note, db } = store
      @Controller('notes')
      class Notes {
        @Post(':end')
        async create(@Param('end') end: string): Promise<object> {
          await Note.create({ text: end })
          if (end === 'bad') throw new HttpException('no', 302)
          return {}
        }
      }
      const app: INestApplication = kept(await create(platform, { controllers: [Notes] }))
      expect(db.initApp(app)).toBe(db)
      expect(initApp(app, db)).toBe(app)
      app.use(async (_req: unknown, _res: unknown, next: () => void) => (await Note.create({ text: 'middleware' }), next()))
      const url = await listen(app)
      // On Fastify a hook does its work, unless some handler decides by @RollbackWhen.
      expect(app.get(ApplicationConfig).getGlobalGuards()).toHaveLength(platform === 'express' ? 1 : 0)
      expect([(await post(url, '/notes/bad'))[0], (await post(url, '/notes/good'))[0]]).toEqual([302, 201])
      expect(await store.texts()).toEqual(['middleware', 'good'])
    })

    it(`initApp before a module serves the middleware of main.ts, on ${platform}`, async () => {
      const { Note, db } = store
      @Controller('notes')
      class Notes {
        @Post()
        async create(): Promise<object> {
          await Note.create({ text: 'lost' })
          throw new HttpException('no', 409)
        }
      }
      const app = kept(await create(platform, { imports: [AlchemyModule.forRoot({ db })], controllers: [Notes] }))
      initApp(app, db, { rollbackWhen: ({ status }) => status === 409 })
      app.use(async (_req: unknown, _res: unknown, next: () => void) => (await Note.create({ text: 'middleware' }), next()))
      expect((await post(await listen(app), '/notes'))[0]).toBe(409)
      expect(await store.texts()).toEqual([])
    })
  }

  it('on Fastify, where no guard looks, a handler whose context was lost runs in the session of its request', async () => {
    const { Note, db } = store
    @Controller('notes')
    class Notes {
      @Post(':end')
      async create(@Param('end') end: string): Promise<object> {
        await Note.create({ text: end })
        if (end === 'lost') throw new HttpException('no', 409)
        return {}
      }
    }
    const app = kept(await create('fastify', { imports: [AlchemyModule.forRoot({ db })], controllers: [Notes] }))
    const instance = app.getHttpAdapter().getInstance() as FastifyInstance
    instance.addHook('preValidation', (_request, _reply, done) => db.detach(done))
    const url = await listen(app)
    expect([(await post(url, '/notes/lost'))[0], (await post(url, '/notes/kept'))[0]]).toEqual([409, 201])
    expect(app.get(ApplicationConfig).getGlobalGuards()).toEqual([])
    expect(await store.texts()).toEqual(['kept'])
  })

  it('the constructor binds the application that it is given', async () => {
    const app = kept(await create('express', {}))
    const db = new ActiveAlchemy('sqlite://', { app })
    expect(app.get(ApplicationConfig).getGlobalGuards()).toHaveLength(1)
    await db.close()
  })

  it('an application of Nest, one of Express inside it and one of Fastify beside it share a database', async () => {
    const { Note, db } = store
    @Controller('notes')
    class Notes {
      @Post()
      async create(): Promise<object> {
        await Note.create({ text: 'nest' })
        return {}
      }
    }
    const inner = express()
    inner.use(expressMiddleware(db))
    inner.post('/', async (_req, res) => res.status(409).json(await Note.create({ text: 'express' })))
    const app = kept(await create('express', { imports: [AlchemyModule.forRoot({ db })], controllers: [Notes] }))
    app.use('/inner', inner)
    const beside = fastify()
    await beside.register(fastifyPlugin(db))
    beside.post('/', async () => ({ id: (await Note.create({ text: 'fastify' })).id }))
    const url = await listen(app)
    const besideUrl = await beside.listen({ port: 0, host: '127.0.0.1' })
    const answers = await Promise.all([post(url, '/notes'), post(url, '/inner'), post(besideUrl, '/')])
    expect(answers.map(([status]) => status)).toEqual([201, 409, 200])
    expect((await store.texts()).sort()).toEqual(['fastify', 'nest'])
    await beside.close()
  })

  it('requests that are injected are bound too', async () => {
    const { Notes, NotesService } = parts(store)
    const app = kept(
      await create('fastify', {
        imports: [AlchemyModule.forRoot({ db: store.db }), AlchemyModule.forFeature([store.Note])],
        providers: [NotesService],
        controllers: [Notes],
      }),
    ) as NestFastifyApplication
    await app.init()
    const statuses = []
    for (const url of ['/notes/bad', '/notes/good']) statuses.push((await app.inject({ method: 'POST', url })).statusCode)
    expect([statuses, await store.texts()]).toEqual([[409, 201], ['good']])
  })

  it('wrong options end the start, in words', async () => {
    const start = (options: object): Promise<unknown> => create('express', { imports: [AlchemyModule.forRoot(options as never)] })
    await expect(start({})).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('db') as string })
    await expect(start({ db: store.db, close: 'yes' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(start({ db: store.db, rollbackwhen: () => true })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    class Stranger {}
    const imports = [AlchemyModule.forRoot({ db: store.db }), AlchemyModule.forFeature([Stranger])]
    await expect(create('express', { imports })).rejects.toMatchObject({ message: expect.stringContaining('Stranger') as string })
  })
})
