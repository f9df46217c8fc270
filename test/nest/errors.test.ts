import { ActiveAlchemy, AlchemyModule, typeOrmOptions } from '@active-alchemy/nest'
import { Body, Controller, Get, type INestApplication, Post } from '@nestjs/common'
import { ConfigModule, ConfigService } from '@nestjs/config'
import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm'
import { Test } from '@nestjs/testing'
import { Column, Entity, PrimaryGeneratedColumn, type Repository } from 'typeorm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sqliteFile } from '../databases/sqlite.ts'
import { listen, openStore, type Store } from './application.ts'

describe('Nest', () => {
  let store: Store
  const apps: INestApplication[] = []
  beforeEach(async () => {
    store = await openStore()
  })
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close()
    await store.end()
    vi.restoreAllMocks()
  })

  /** An application as Nest's own template of a test makes it. */
  async function start(metadata: Parameters<typeof Test.createTestingModule>[0]): Promise<string> {
    const module = await Test.createTestingModule(metadata).compile()
    const app = module.createNestApplication()
    apps.push(app)
    return listen(app)
  }

  it('answers what a client did wrong with its code and column, and does not log it as a failure', async () => {
    const { db, Note } = store
    @Controller()
    class Notes {
      @Get('missing')
      missing(): Promise<unknown> {
        return Note.getOrError(4711)
      }
      @Post('notes')
      create(@Body() values: { text: string }): Promise<unknown> {
        return Note.create(values)
      }
      @Post('broken')
      broken(): Promise<unknown> {
        return db.dataSource.query('select * from no_such_table')
      }
    }
    const logger = { log: vi.fn<() => void>(), error: vi.fn<() => void>(), warn: vi.fn<() => void>() }
    const module = await Test.createTestingModule({
      imports: [AlchemyModule.forRoot({ db, close: false })],
      controllers: [Notes],
    }).compile()
    const app = module.createNestApplication({ logger })
    apps.push(app)
    const url = await listen(app)
    const missing = await fetch(`${url}/missing`)
    expect([missing.status, await missing.json()]).toEqual([
      404,
      { statusCode: 404, error: 'Not Found', message: 'Note 4711 was not found. It may have been deleted.', code: 'RECORD_NOT_FOUND' },
    ])
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"x","n":"one"}' }
    const wrong = await fetch(`${url}/notes`, post)
    expect([wrong.status, await wrong.json()]).toMatchObject([422, { statusCode: 422, code: 'INVALID_VALUE', column: 'n' }])
    expect(logger.error).not.toHaveBeenCalled()
    expect((await fetch(`${url}/broken`, post)).status).toBe(500)
    expect(logger.error).toHaveBeenCalledOnce()
  })

  it('starts an application for each test on one database, as its template of tests does', async () => {
    const { db, Note } = store
    @Controller()
    class Notes {
      @Post('notes')
      create(): Promise<unknown> {
        return Note.create({ text: 'kept' })
      }
    }
    for (let test = 1; test <= 3; test += 1) {
      const url = await start({ imports: [AlchemyModule.forRoot({ db })], controllers: [Notes] })
      expect((await fetch(`${url}/notes`, { method: 'POST' })).status).toBe(201)
      await apps.pop()?.close()
      await expect(Note.count()).rejects.toThrow('close: false')
    }
    expect(await store.texts()).toEqual(['kept', 'kept', 'kept'])
  })

  it('lets TypeOrmModule wait for the factory that configures the database', async () => {
    @Entity()
    class Cat {
      @PrimaryGeneratedColumn() id!: number
      @Column('varchar') name!: string
    }
    const fresh = await sqliteFile.create()
    const warned = vi.spyOn(console, 'warn')
    const db = new ActiveAlchemy()
    const module = await Test.createTestingModule({
      imports: [
        TypeOrmModule.forRootAsync(typeOrmOptions(db)),
        TypeOrmModule.forFeature([Cat]),
        AlchemyModule.forRootAsync({
          imports: [ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ DATABASE: { url: fresh.uri } })] })],
          inject: [ConfigService],
          useFactory: async (config: ConfigService) => {
            await new Promise((resolve) => setTimeout(resolve, 20))
            return { db: db.configure(config.getOrThrow<string>('DATABASE.url'), { models: [Cat] }) }
          },
        }),
      ],
    }).compile()
    await db.createAll()
    const cats = module.get<Repository<Cat>>(getRepositoryToken(Cat))
    await cats.save({ name: 'Tom' })
    expect([await cats.count(), warned.mock.calls]).toEqual([1, []])
    await module.close()
    await fresh.drop()
  })
})
