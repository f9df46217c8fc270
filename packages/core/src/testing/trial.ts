import { deepStrictEqual } from 'node:assert/strict'
import { inspect } from 'node:util'
import type { ActiveAlchemy } from '../active-alchemy.js'
import { isAlchemyError } from '../drivers/database-error.js'
import { quotedPath } from '../drivers/driver.js'
import { isError } from '../errors.js'
import { eq, gt, isNull, lte, ne, oneOf } from '../query/op.js'
import type { Query } from '../query/query.js'
import type { ColumnType } from '../types/column-type.js'

let trials = 0

/** A row of the trial. */
type Row = InstanceType<ReturnType<typeof modelOf>>

/** A model with columns of the type, for values that nobody knows the type of: it calls them texts. */
function modelOf(db: ActiveAlchemy, type: ColumnType<unknown>) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  const named = type as ColumnType<string>
  const unique = !isOpaque(type)
  return class extends db.BaseModel(`TypeTrial${++trials}`, {
    id: db.Column(db.Integer, { primary: true }),
    value: db.Column(named, { nullable: true }),
    unique: db.Column(named, { nullable: true, unique }),
  }) {}
}

function isOpaque({ opaque, kind }: ColumnType<unknown>): boolean {
  return opaque ?? kind === 'json'
}

/** One type on one database. */
export class Trial {
  /** What was found broken, in words. */
  readonly broken: string[] = []
  readonly #db: ActiveAlchemy
  readonly #type: ColumnType<unknown>
  readonly #samples: readonly string[]
  readonly #forms: readonly (readonly [string, string])[]
  readonly #Row: ReturnType<typeof modelOf>

  constructor(
    db: ActiveAlchemy,
    type: ColumnType<unknown>,
    samples: readonly unknown[],
    forms: readonly (readonly [form: unknown, sample: unknown])[],
  ) {
    this.#db = db
    this.#type = type
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see the model
    this.#samples = samples as readonly string[]
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see the model
    this.#forms = [...samples.map((each) => [each, each] as const), ...forms] as readonly (readonly [string, string])[]
    this.#Row = modelOf(db, type)
  }

  async run(refused: readonly unknown[], isSorted: boolean): Promise<void> {
    await this.#db.createAll()
    try {
      await this.#keeps()
      if (!isOpaque(this.#type)) {
        await this.#finds()
        await this.#groups()
        if (isSorted) await this.#sorts()
        await this.#isUnique()
      }
      await this.#refuses(refused)
      await this.#needsNoMigration()
    } finally {
      const { driver, dataSource } = this.#runner()
      const runner = dataSource.createQueryRunner()
      try {
        await runner.query(`DROP TABLE ${quotedPath(driver, dataSource.getMetadata(this.#Row).tablePath)}`)
      } finally {
        await runner.release()
      }
    }
  }

  #runner() {
    const { dataSource } = this.#db
    return { dataSource, driver: dataSource.driver }
  }

  /** Notes a promise as broken, of a value, when `check` throws. */
  async #unless(promise: string, value: unknown, check: () => unknown): Promise<void> {
    try {
      await check()
    } catch (error) {
      const reason = isError(error) ? error.message : String(error)
      this.broken.push(`${promise}: ${inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY })}: ${reason}`)
    }
  }

  /** @throws {Error} The values are different, by their JSON where the type has one of its own. */
  #same(actual: unknown, expected: unknown): void {
    const [found, wanted] = [actual, expected].map((each) => (this.#type.toJSON ? this.#type.toJSON(each) : each))
    deepStrictEqual(found, wanted)
  }

  /** Every sample comes back as it was accepted, by each way of reading, and is written again as it is. */
  async #keeps(): Promise<void> {
    const Row = this.#Row
    for (const [index, sample] of this.#samples.entries()) {
      const id = index + 1
      await this.#unless('a value comes back as it was kept', sample, async () => {
        const kept = this.#type.accept(sample)
        this.#same(this.#type.accept(kept), kept)
        const row = await Row.create({ id, value: sample })
        this.#same(row.value, kept)
        await row.reload()
        this.#same(row.value, kept)
        const found = await this.#db.run(() => Row.getOrError(id))
        this.#same(found.value, kept)
        deepStrictEqual([row.isDirty, found.isDirty], [false, false])
        this.#same((await this.#runner().dataSource.getRepository(Row).findOneByOrFail({ id })).value, kept)
        deepStrictEqual(JSON.stringify(found), JSON.stringify(row))
        inspect(found)
      })
      await this.#unless('a value is changed and taken away', sample, async () => {
        const row = await Row.getOrError(id)
        await row.update({ value: null })
        deepStrictEqual((await Row.getOrError(id)).value, null)
        await Row.filter({ id }).updateAll({ value: sample })
        this.#same((await Row.getOrError(id)).value, this.#type.accept(sample))
      })
    }
    await this.#unless('a row without a value has none', null, async () => {
      const id = this.#samples.length + 1
      await Row.create({ id, value: null })
      deepStrictEqual((await Row.getOrError(id)).value, null)
      deepStrictEqual(await this.#ids(Row.filter({ value: isNull() })), [id])
      await Row.filter({ id }).deleteAll()
    })
  }

  /** Every form of every sample finds its row, and no other. */
  async #finds(): Promise<void> {
    const Row = this.#Row
    const all = this.#samples.map((_sample, index) => index + 1)
    for (const [form, sample] of this.#forms) {
      const id = this.#samples.indexOf(sample) + 1
      await this.#unless('a value is found in each of its forms', form, async () => {
        this.#same(this.#type.accept(form), this.#type.accept(sample))
        deepStrictEqual(await this.#ids(Row.filter({ value: form })), [id])
        deepStrictEqual(await this.#ids(Row.filter({ value: oneOf([form]) })), [id])
        deepStrictEqual(await this.#ids(Row.filter((row) => row.value.eq(form))), [id])
        deepStrictEqual(
          await this.#ids(Row.filter({ value: ne(form) })),
          all.filter((each) => each !== id),
        )
      })
    }
    await this.#unless('values are found by a list of them', this.#samples, async () => {
      deepStrictEqual(await this.#ids(Row.filter({ value: oneOf([...this.#samples]) })), all)
    })
  }

  async #ids(query: Query<Row>): Promise<number[]> {
    const rows = await query.orderBy('id').all()
    return rows.map(({ id }) => id)
  }

  /** Equal values are one group. */
  async #groups(): Promise<void> {
    const Row = this.#Row
    const first = this.#samples.length + 1
    await this.#unless('equal values are one group', this.#samples, async () => {
      for (const [index, sample] of this.#samples.entries()) await Row.create({ id: first + index, value: sample })
      const groups = await Row.query((row) => ({ value: row.value, rows: this.#db.func.count() }))
        .groupBy('value')
        .all()
      deepStrictEqual(
        groups.map(({ rows }) => rows),
        this.#samples.map(() => 2),
      )
      deepStrictEqual((await Row.query('value').distinct().all()).length, this.#samples.length)
    })
    await Row.filter((row) => row.id.gte(first)).deleteAll()
  }

  /** The order of the database is that of the samples, in comparisons and from page to page. */
  async #sorts(): Promise<void> {
    const Row = this.#Row
    const all = this.#samples.map((_sample, index) => index + 1)
    await this.#unless('values sort in the order of the samples', this.#samples, async () => {
      deepStrictEqual(
        (await Row.query().orderBy('value').all()).map(({ id }) => id),
        all,
      )
      deepStrictEqual(
        (await Row.query().orderBy('value', 'DESC').all()).map(({ id }) => id),
        [...all].reverse(),
      )
      const paged: number[] = []
      let after: string | undefined
      do {
        const page = await Row.query()
          .orderBy('value')
          .paginateByCursor({ first: 3, ...(after === undefined ? {} : { after }) })
        paged.push(...page.items.map(({ id }) => id))
        after = page.hasNext ? (page.endCursor ?? undefined) : undefined
      } while (after !== undefined)
      deepStrictEqual(paged, all)
    })
    for (const [form, sample] of this.#forms) {
      const id = this.#samples.indexOf(sample) + 1
      await this.#unless('a value compares as the samples stand', form, async () => {
        deepStrictEqual(
          await this.#ids(Row.filter({ value: gt(form) })),
          all.filter((each) => each > id),
        )
        deepStrictEqual(
          await this.#ids(Row.filter({ value: lte(form) })),
          all.filter((each) => each <= id),
        )
      })
    }
  }

  /** A unique column holds each value once, whatever its form. */
  async #isUnique(): Promise<void> {
    const Row = this.#Row
    const first = this.#samples.length + 1
    await this.#unless('a unique column holds different values', this.#samples, async () => {
      await Row.createMany(this.#samples.map((unique, index) => ({ id: first + index, unique })))
    })
    for (const [form] of this.#forms) {
      await this.#unless('a unique column holds a value once', form, async () => {
        const code = await codeOf(() => Row.create({ id: first - 1 + 2 * this.#samples.length + 1, unique: form }))
        deepStrictEqual(code, 'UNIQUE 409')
      })
    }
    await Row.filter((row) => row.id.gte(first)).deleteAll()
  }

  /** What it refuses is refused as a value of a client. */
  async #refuses(refused: readonly unknown[]): Promise<void> {
    const Row = this.#Row
    const id = this.#samples.length + 1
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see the model
    for (const value of refused as readonly string[]) {
      await this.#unless('a value is refused', value, async () => {
        deepStrictEqual(await codeOf(() => Row.create({ id, value })), 'INVALID_VALUE 422')
        deepStrictEqual(await codeOf(async () => Row.filter({ value: eq(value) }).count()), 'INVALID_FILTER 400')
      })
    }
    await Row.filter({ id }).deleteAll()
  }

  /** The table of `createAll` is what the model says. */
  async #needsNoMigration(): Promise<void> {
    const { driver, dataSource } = this.#runner()
    const { tableName } = dataSource.getMetadata(this.#Row)
    await this.#unless('a migration after createAll finds nothing to change', tableName, async () => {
      const { upQueries } = await driver.createSchemaBuilder().log()
      const changes = upQueries.map(({ query }) => query).filter((query) => query.includes(tableName))
      deepStrictEqual(changes, [])
    })
  }
}

/** The code and the status of what a call rejects with. */
async function codeOf(call: () => PromiseLike<unknown>): Promise<string> {
  try {
    await call()
    return 'it was taken'
  } catch (error) {
    if (isAlchemyError(error)) return `${error.code} ${error.status}`
    throw error
  }
}
