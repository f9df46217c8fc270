import { ActiveAlchemy } from '@active-alchemy/core'
import { DataSource, type DataSourceOptions, type EntityTarget, type ObjectLiteral, type Repository } from 'typeorm'
import { afterAll, beforeAll, beforeEach, describe, it, type TestContext } from 'vitest'
import type { FreshDatabase, TestDatabase } from '../../databases/database.ts'
import { optionsOf } from '../adopted.ts'

/** An application of TypeORM that was adopted. */
export interface World {
  readonly database: TestDatabase
  readonly db: ActiveAlchemy
  /** Its data source. On servers it was connected before it was adopted. */
  readonly app: DataSource
  /** A repository of it. */
  readonly repo: <T extends ObjectLiteral>(entity: EntityTarget<T>) => Repository<T>
  /** Leaves the row out where it holds of something that is not there. */
  readonly skip: (isMissing: boolean, why: string) => void
}

/** What one call of TypeORM promises, by its sentence. */
type Rows = Readonly<Record<string, (world: World) => Promise<void>>>

/** What TypeORM promises of one topic. */
export interface Topic {
  readonly title: string
  /** Rows that hold outside any scope and inside one. */
  readonly rows: Rows
  /** Rows of what begins or ends a transaction, or of a statement that fails, which ends a scope: outside any. */
  readonly outside?: Rows
  /** Rows of what is asked inside a scope alone. */
  readonly inScope?: Rows
  readonly options: Partial<DataSourceOptions>
}

/** TypeORM by itself: it shows that the rows are true of it. */
const isPlain = process.env['TYPEORM'] === 'plain'

/** How many rows a topic has. */
export function countOf({ rows, outside = {}, inScope = {} }: Topic): number {
  return [rows, outside, inScope].flatMap((each) => Object.keys(each)).length
}

/** Gives what empties all tables of an application. */
async function emptier({ emptying }: TestDatabase, app: DataSource, db: ActiveAlchemy): Promise<() => Promise<unknown>> {
  if (!emptying) return () => (isPlain ? app.synchronize(true) : db.truncateAll())
  const tables = app.entityMetadatas.filter(({ tableType }) => tableType !== 'view' && tableType !== 'entity-child')
  const names = tables.map(({ tableName }) => app.driver.escape(tableName))
  const [once, each] = emptying(names)
  await app.query(once)
  return () => app.query(each)
}

/** Declares the rows of a topic: one database, emptied before each. */
export function topicRows(database: TestDatabase, topic: Topic): void {
  describe(topic.title, () => {
    let fresh: FreshDatabase
    let db: ActiveAlchemy
    let app: DataSource
    let empty: () => Promise<unknown>

    beforeAll(async () => {
      fresh = await database.create()
      const options = optionsOf(fresh.uri, topic.options)
      const isServer = !database.name.startsWith('sqlite')
      const own = isPlain || isServer ? await new DataSource(options).initialize() : undefined
      db = isPlain ? new ActiveAlchemy('sqlite://') : ActiveAlchemy.from(own ?? options)
      app = own ?? (await db.dataSource.initialize())
      empty = await emptier(database, app, db)
    })
    beforeEach(() => empty())
    afterAll(async () => {
      if (isPlain) await app.destroy()
      await db.close()
      await fresh.drop()
    })

    const world = ({ skip }: TestContext): World => ({ database, db, app, repo: (entity) => app.getRepository(entity), skip })
    const { rows, outside = {}, inScope = {} } = topic
    for (const [title, run] of Object.entries({ ...rows, ...outside })) it(title, (context) => run(world(context)))
    if (isPlain) return
    for (const [title, run] of Object.entries({ ...rows, ...inScope }))
      it(`${title} (in a scope)`, (context) => db.run(() => run(world(context))))
  })
}
