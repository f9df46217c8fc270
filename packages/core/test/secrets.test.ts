import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import type { ActiveAlchemyOptions } from '../src/options.js'

const secret = 'S3CRETPW'
const opened: Readonly<Record<string, readonly [uri: string, typeorm?: ActiveAlchemyOptions['typeorm']]>> = {
  'a URI of PostgreSQL': [`postgresql://shop:${secret}@127.0.0.1:1/shop`],
  'a URI of MySQL': [`mysql://shop:${secret}@127.0.0.1:1/shop`],
  'an option for PostgreSQL': ['postgresql://shop@127.0.0.1:1/shop', { password: secret }],
  'an option for MySQL': ['mysql://shop@127.0.0.1:1/shop', { password: secret }],
  'the key of an SQLite file': ['sqlite:///shop.db', { key: secret }],
  'the password of a cache': ['sqlite://', { cache: { type: 'database', options: { password: secret } } }],
}

/** Everything that leads to a data source. */
function prints(db: ActiveAlchemy): Record<string, unknown> {
  const User = db.Model('User', { name: db.Column(db.Text) })
  const { dataSource } = db
  const [metadata] = db.metadata
  return {
    db,
    User,
    query: User.query(),
    builder: dataSource.createQueryBuilder(User, 'user'),
    dataSource,
    driver: dataSource.driver,
    engine: dataSource.engine,
    manager: dataSource.manager,
    repository: dataSource.getRepository(User),
    metadata,
    column: metadata?.columns[0],
    runner: dataSource.createQueryRunner(),
    registry: db.registry,
  }
}

for (const [name, [uri, typeorm]] of Object.entries(opened)) {
  it(`${name} is in no print and no JSON of what leads to it`, async () => {
    const db = new ActiveAlchemy(uri, typeorm ? { typeorm } : {})
    const all = prints(db)
    await db.run(async () =>
      Object.assign(all, { session: db.session, joined: db.session.manager, writer: db.session.manager.queryRunner }),
    )
    const shown = Object.entries(all).filter(([, value]) => `${inspect(value, { depth: 12 })}${json(value)}`.includes(secret))
    expect(shown.map(([key]) => key)).toEqual([])
  })
}

it('a data source is printed as its name, not as all that it holds', () => {
  const { dataSource } = new ActiveAlchemy(`mysql://shop:${secret}@127.0.0.1:1/shop`)
  expect(inspect(dataSource)).toBe('AlchemyDataSource(mysql://shop:***@127.0.0.1:1/shop)')
  expect(inspect(dataSource.manager).length).toBeLessThan(500)
  expect(JSON.stringify({ dataSource })).toBe('{"dataSource":"mysql://shop:***@127.0.0.1:1/shop"}')
})

function json(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    // It leads back to itself, so that nobody can have it as JSON.
    return ''
  }
}
