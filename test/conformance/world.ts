import { ActiveAlchemy } from '@active-alchemy/core'
import type { ReportEvent } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import { type Lack, open, type TestDatabase } from '../databases/database.ts'
import type { AppParts, Framework, FrameworkLack, Handler, Reply, RunningApp } from '../frameworks/framework.ts'

/** The model that the request suite writes. */
export function noteModel(db: ActiveAlchemy) {
  return class Note extends db.Model('Note', { text: db.Column(db.String(200)), n: db.Column(db.Integer, { default: 0 }) }) {}
}

/** A framework with a database, an application and a witness that reads the database from outside. */
export interface World {
  readonly db: ActiveAlchemy
  readonly Note: ReturnType<typeof noteModel>
  readonly reports: ReportEvent[]
  readonly statements: string[]
  /** Makes the commit of the current session fail, for real. */
  breakCommit(): Promise<void>
  /** Starts the application. */
  start(routes: AppParts['routes'], parts?: Partial<AppParts>): Promise<RunningApp>
  /** Texts of the notes that are committed, as another connection sees them. */
  texts(): Promise<string[]>
  /** Waits until every connection is back, and checks that each came back once. */
  settled(): Promise<void>
}

/** Runs `row` in a new world; after it every connection must be back. */
async function inWorld(framework: Framework, database: TestDatabase, row: (world: World) => Promise<void>): Promise<void> {
  const fresh = await database.create()
  const { db, leases, statements } = open(ActiveAlchemy, fresh, { poolTimeoutMs: 20_000 })
  const witness = new ActiveAlchemy(fresh.uri)
  const Seen = noteModel(witness)
  const Note = noteModel(db)
  const reports: ReportEvent[] = []
  const apps: RunningApp[] = []
  try {
    await db.createAll()
    for (const sql of database.prepareBreak) await db.dataSource.query(sql)
    await witness.dataSource.ready()
    statements.length = 0
    const world: World = {
      db,
      Note,
      reports,
      statements,
      async breakCommit() {
        for (const sql of database.breakCommit) await db.session.manager.query(sql)
      },
      async start(routes, parts = {}) {
        const options = { report: (event: ReportEvent) => void reports.push(event), ...parts.options }
        const app = await framework.start({ databases: [db], ...parts, routes, options })
        apps.push(app)
        return app
      },
      texts: async () => (await Seen.query().orderBy('id').all()).map(({ text }) => text),
      settled: () => until(() => db.dataSource.driver.pool.leased === 0 && leases.released === leases.leased),
    }
    await row(world)
    await world.settled()
    expect(leases.released).toBe(leases.leased)
  } finally {
    for (const app of apps) await app.stop()
    await db.close()
    await witness.close()
    await fresh.drop()
  }
}

/** Gives the function that declares a row of this cell; what the cell lacks it skips, and says why. */
export function rowIn(framework: Framework, database: TestDatabase) {
  return (title: string, run: (world: World) => Promise<void>, needs?: FrameworkLack | Lack): void => {
    const lack = needs && { ...framework.lacks, ...database.lacks }[needs]
    it.skipIf(lack)(lack ? `${title} (${lack})` : title, () => inWorld(framework, database, run))
  }
}

/** A handler that writes one note and answers. */
export function write(world: World, text: string, reply: Reply = { json: { ok: true } }): Handler {
  return async () => {
    await world.Note.create({ text })
    return reply
  }
}

export const asJson = { 'content-type': 'application/json' }

/** Waits until `fact` is true; fails after twenty seconds. */
export async function until(fact: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!fact()) {
    if (Date.now() > deadline) throw new Error(`It never became true: ${String(fact)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A promise that is resolved from outside: steadier than a sleep. */
export function latch<Value = void>(): { readonly promise: Promise<Value>; open(value: Value): void } {
  let open!: (value: Value) => void
  const promise = new Promise<Value>((resolve) => (open = resolve))
  return { promise, open }
}
