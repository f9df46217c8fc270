import { ActiveAlchemy, AlchemyModule } from '@active-alchemy/nest'
import { Controller, type INestApplication, Post } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { noteModel } from '../conformance/world.ts'
import type { FreshDatabase, TestDatabase } from '../databases/database.ts'
import { servers } from '../matrix.ts'
import { listen } from './application.ts'

/** Nest's own template of an e2e test: the application is made before each test, and closed after it. */
describe.each(servers)("Nest's e2e template on $name", (database: TestDatabase) => {
  let fresh: FreshDatabase
  let db: ActiveAlchemy
  let Note: ReturnType<typeof noteModel>
  let app: INestApplication
  let box: Awaited<ReturnType<ActiveAlchemy['sandbox']>>

  beforeAll(async () => {
    fresh = await database.create()
    db = new ActiveAlchemy(fresh.uri)
    Note = noteModel(db)
    await db.createAll()
  })
  beforeEach(async () => {
    box = await db.sandbox()
    @Controller('notes')
    class Notes {
      @Post()
      create() {
        return Note.create({ text: 'x' })
      }
    }
    const fixture = await Test.createTestingModule({ imports: [AlchemyModule.forRoot({ db })], controllers: [Notes] }).compile()
    app = fixture.createNestApplication()
    await app.init()
  })
  afterEach(async () => {
    await app.close()
    await box.rollback()
  })
  afterAll(async () => {
    await db.close()
    await fresh.drop()
  })

  it.each(['first', 'second'])('the %s test finds nothing of the other', async () => {
    const url = await listen(app)
    expect((await fetch(`${url}/notes`, { method: 'POST' })).status).toBe(201)
    expect(await Note.count()).toBe(1)
  })
})
