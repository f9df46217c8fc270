import assert from 'node:assert'
import { AsyncResource } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy, type Sandbox, startsWith } from '@active-alchemy/core'
import type { Application, Start } from './application.ts'

type Work = () => Promise<void>

/** What the rows need of a runner of tests: all have it, by these names or others. */
export interface Runner {
  readonly beforeAll: (work: Work) => unknown
  readonly beforeEach: (work: Work) => unknown
  readonly afterEach: (work: Work) => unknown
  readonly afterAll: (work: Work) => unknown
  readonly test: (title: string, work: Work) => unknown
}

/** A model of either kind. */
function modelsOf(db: ActiveAlchemy) {
  class Note extends db.Model('Note', { text: db.Column(db.String(20)) }) {}
  class Arrival extends db.Model {
    @db.Column(db.String(60), { unique: true }) declare file: string
  }
  return { Note, Arrival }
}

async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await fact())) {
    if (performance.now() > deadline) throw new Error(`It never became true: ${String(fact)}`)
    await sleep(5)
  }
}

/** Where a file of tests works. */
export interface Place {
  /** Known when the tests begin. */
  readonly uri: () => string
  /** Whether the database has several sandboxes at once. */
  readonly hasSeveral: boolean
  /** How many files there are at once. */
  readonly files: number
}

/** A file of tests, each of which has a sandbox. */
export function rows({ beforeAll, beforeEach, afterEach, afterAll, test }: Runner, start: Start, { uri, hasSeveral, files }: Place): void {
  let db: ActiveAlchemy
  let models: ReturnType<typeof modelsOf>
  /** In no sandbox: sees what is committed for good, as other processes do. */
  let outside: ActiveAlchemy
  let committed: ReturnType<typeof modelsOf>
  let app: Application
  let box: Sandbox
  /** What this file calls itself. */
  const file = randomUUID()
  /** Notes whose commit was told. */
  const told: string[] = []
  const texts = async (): Promise<string[]> => (await models.Note.query().orderBy('id').all()).map(({ text }) => text)

  beforeAll(async () => {
    db = new ActiveAlchemy(uri(), { poolTimeoutMs: 20_000, outsideScope: 'allow' })
    models = modelsOf(db)
    outside = new ActiveAlchemy(uri(), { poolTimeoutMs: 20_000 })
    committed = modelsOf(outside)
    await outside.createAll()
    app = await start(db, async (text) => {
      await models.Note.create({ text })
      db.onCommit(() => void told.push(text))
      if (text === 'failed') throw new Error('boom')
      return text === 'refused' ? 422 : 201
    })
  })
  beforeEach(async () => {
    box = await db.sandbox()
    told.length = 0
  })
  afterEach(() => box.rollback())
  afterAll(async () => {
    assert.equal(await committed.Note.count(), 0)
    await app.close()
    await db.close()
    await outside.close()
  })

  for (const turn of ['one', 'another']) {
    test(`${turn} test sees what its request has committed, and nothing of the other`, async () => {
      assert.equal(await app.post('kept', box.headers), 201)
      // The answer does not wait for what a commit calls.
      await until(() => told.length > 0)
      assert.deepEqual([await texts(), told, await committed.Note.count()], [['kept'], ['kept'], 0])
    })
  }

  for (const [text, status] of [
    ['refused', 422],
    ['failed', 500],
  ] as const) {
    test(`a request that is answered ${status} is rolled back, and nothing else with it`, async () => {
      await models.Note.create({ text: 'before' })
      assert.equal(await app.post(text, box.headers), status)
      assert.deepEqual([await texts(), told], [['before'], []])
      assert.equal(await app.post('kept', box.headers), 201)
      await until(() => told.length > 0)
      assert.deepEqual([await texts(), told], [['before', 'kept'], ['kept']])
    })
  }

  test('a model with decorators is one like any other', async () => {
    await models.Arrival.create({ file: `${file} in a test` })
    assert.equal(await models.Arrival.count({ file: startsWith(file) }), 1)
  })

  // jest has a realm for each file, in which what Node and native modules throw is no `instanceof Error`.
  test('what the database and the network refuse is known for what it is', async () => {
    const taken = { file: `${file} twice` }
    await models.Arrival.create(taken)
    await assert.rejects(models.Arrival.create(taken), { code: 'UNIQUE' })
    const nobody = new ActiveAlchemy('postgresql://127.0.0.1:1/nothing')
    await assert.rejects(nobody.ping(), { code: 'CONNECTION_FAILED', message: /ECONNREFUSED/ })
    await nobody.close()
  })

  if (!hasSeveral) return

  test('files beside each other do not see each other, nor do several sandboxes of one', async () => {
    await models.Note.create({ text: 'own' })
    await committed.Arrival.create({ file })
    await until(async () => (await committed.Arrival.count()) >= files)
    assert.deepEqual(await texts(), ['own'])
    const inContext = async (name: string): Promise<string[]> => {
      const other = await db.sandbox()
      await app.post(name, other.headers)
      await models.Note.create({ text: `${name} again` })
      const seen = await texts()
      await other.rollback()
      return seen
    }
    const seen = await Promise.all(['one', 'two'].map((name) => new AsyncResource(name).runInAsyncScope(() => inContext(name))))
    assert.deepEqual(seen, [
      ['one', 'one again'],
      ['two', 'two again'],
    ])
    assert.deepEqual(await texts(), ['own'])
  })
}
