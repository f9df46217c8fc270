// Does what it is told on a model that it is told, and tells what came of it; with plans or, by ALCHEMY_PLANS=off, without.
import { inspect } from 'node:util'
import { ActiveAlchemy } from '@active-alchemy/core'
import { Settings } from 'luxon'

const { PLANS_URI: uri } = process.env

/** Columns by the names that a scenario gives them. */
const types = (db) => ({
  text: db.String(20),
  whole: db.Integer,
  large: db.BigInteger,
  real: db.Float,
  flag: db.Boolean,
  moment: db.DateTime,
  day: db.Date,
  exact: db.Numeric(12, 2),
  data: db.JSONType,
})

/** A value of a scenario, which is JSON. */
const valueOf = (value) => (typeof value === 'string' && value.startsWith('n:') ? BigInt(value.slice(2)) : value)
const valuesOf = (values) => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, valueOf(value)]))

const shown = (value) => inspect(value?.isLuxonDateTime ? value.toISO() : value, { depth: 5, breakLength: Number.POSITIVE_INFINITY })
const describeRecord = (record) => ({
  values: Object.entries(record).map(([key, value]) => `${key}: ${shown(value)}`),
  facts: [record.isNew, record.isDirty, shown(record.changes)],
})
const describeError = (error) => `${error.name} ${error.code} ${error.message}`

async function play({ columns, isSoft, number, steps }) {
  let present = Date.UTC(2026, 0, 1)
  Settings.now = () => present
  const db = new ActiveAlchemy(uri, { name: 'plans' })
  const known = types(db)
  const shape = Object.fromEntries(
    Object.entries(columns).map(([name, { type, ...options }]) => {
      if ('default' in options) options.default = valueOf(options.default)
      return [name, db.Column(known[type], options)]
    }),
  )
  const Base = isSoft ? db.Model : db.BaseModel
  const key = isSoft ? {} : { code: db.Column(db.String(10), { primary: true }) }
  class Thing extends Base(`Thing${number}`, { ...key, ...shape }) {}
  const told = []
  try {
    await db.createAll()
    const records = []
    const at = (index) => records[index % Math.max(1, records.length)]
    const keyed = (values, index) => valuesOf(isSoft ? values : { code: `k${index}`, ...values })
    const verbs = {
      create: async ({ values }) => void records.push(await Thing.create(keyed(values, records.length))),
      createMany: async ({ rows }) => {
        records.push(...(await Thing.createMany(rows.map((values, index) => keyed(values, records.length + index)))))
      },
      update: ({ record, values }) => at(record)?.update(valuesOf(values)),
      save: ({ record, values }) => Object.assign(at(record) ?? {}, valuesOf(values)).save?.(),
      touch: ({ record }) => {
        const found = at(record)
        for (const value of Object.values(found ?? {})) if (Array.isArray(value)) value.push('touched')
        return found?.save()
      },
      delete: ({ record }) => at(record)?.delete(),
      restore: ({ record }) => at(record)?.restore(),
      increment: ({ record, column, by }) => at(record)?.increment(column, by),
      reload: ({ record }) => at(record)?.reload(),
      get: async ({ record }) => {
        const found = at(record)
        const again = await Thing.get(isSoft ? found?.id : found?.code)
        told.push(again && describeRecord(again))
      },
      add: ({ values }) => {
        const added = new Thing(keyed(values, records.length))
        records.push(added)
        db.add(added)
      },
    }
    const one = async (step) => {
      present += 1_234
      try {
        await db.transaction(async () => {
          await verbs[step.verb](step)
          if (step.isUndone) throw new Error('undone')
        })
      } catch (error) {
        told.push(`${step.verb}: ${describeError(error)}`)
      }
      told.push(records.map(describeRecord))
    }
    await db
      .run(async () => {
        for (const step of steps) await one(step)
      })
      .catch((error) => told.push(describeError(error)))
    told.push(records.map(describeRecord))
    // Outside any scope.
    for (const step of steps.slice(0, 3).filter(({ verb }) => verb !== 'add')) {
      await Promise.resolve(verbs[step.verb](step)).catch((error) => told.push(describeError(error)))
    }
    const table = db.dataSource.driver.escape(db.dataSource.getMetadata(Thing).tableName)
    told.push(shown(await db.dataSource.query(`select * from ${table} order by 1`)))
  } finally {
    await db.dropAll()
    await db.close()
  }
  return told
}

process.on('message', (scenario) => {
  play(scenario).then(
    (told) => process.send({ told }),
    (error) => process.send({ told: [`failed: ${error.stack}`] }),
  )
})
process.send('ready')
