import {
  type ActiveAlchemy,
  ancestorOf,
  descendantOf,
  type Filter,
  gt,
  matchesPath,
  not,
  oneOf,
  or,
  startsWith,
  type TreePath,
} from '@active-alchemy/core'
import { array, assert, asyncProperty, stringMatching, uniqueArray } from 'fast-check'
import { Entity, PrimaryGeneratedColumn } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { reason, refused } from './reason.ts'
import { rowIn } from './store.ts'

const topics = [
  'Top',
  'Top.Collections',
  'Top.Collections.Pictures.Astronomy.Stars',
  'Top.Hobbies.Amateurs_Astronomy',
  'Top.Science',
  'Top.Science.Astronomy',
  'Top.Science.Astronomy.Cosmology',
  'Top.Science.Astrophysics',
  'Top.ScienceFiction',
  'Top.Science_1',
  'TopX',
  'top.science',
]

/** Paths in a tree: as PostgreSQL's `ltree` has them, on every database. */
export function treeRows(database: TestDatabase): void {
  const row = rowIn(database)

  async function things(db: ActiveAlchemy) {
    class Topic extends db.Model('Topic', {
      path: db.Column(db.LtreeType(), { nullable: true }),
      name: db.Column(db.String(20), { default: 'x' }),
    }) {}
    await db.createAll()
    return Topic
  }

  row('a path is kept as it is, and what is none is 422', async ({ db }) => {
    const Topic = await things(db)
    const label = 'a'.repeat(255)
    for (const path of [...topics, '0', '_', label, `${label}.${label}.${'b'.repeat(254)}.c`]) {
      const topic = await Topic.create({ path })
      const read = await Topic.getOrError(topic.id)
      expect([read.path, read.toJSON()['path'], read.isDirty, await Topic.count({ path })]).toEqual([path, path, false, 1])
    }
    const topic = await Topic.firstOrError({ path: 'Top' })
    await topic.update({ path: 'Elsewhere' })
    expect((await topic.reload()).path).toBe('Elsewhere')
    const wrong = [
      '',
      '.',
      'a.',
      '.a',
      `${label}.${label}.${'b'.repeat(254)}.cd`,
      'a..b',
      'a b',
      'a-b',
      'ä',
      'a%',
      'a*',
      'a\0',
      'a\n',
      `${label}a`,
      Array(400).fill('a').join('.'),
      5,
      true,
      ['a'],
      {},
    ]
    for (const path of wrong) {
      expect([path, await reason(() => Topic.create({ path } as never))]).toEqual([path, refused('INVALID_VALUE', 422)])
      for (const ask of [path, ancestorOf(path as never), descendantOf(path as never)]) {
        expect([path, await reason(() => Topic.count({ path: ask } as never))]).toEqual([path, refused('INVALID_FILTER', 400)])
      }
    }
  })

  row('operators find ancestors, descendants and what matches; NULL is none of them, nor its opposite', async ({ db }) => {
    const Topic = await things(db)
    await Topic.createMany([...topics, null].map((path) => ({ path })))
    const found = async (filter: Filter<InstanceType<typeof Topic>>): Promise<(string | null)[]> =>
      (await Topic.filter(filter).orderBy('path').all()).map(({ path }) => path)
    expect(await found({ path: descendantOf('Top.Science') })).toEqual([
      'Top.Science',
      'Top.Science.Astronomy',
      'Top.Science.Astronomy.Cosmology',
      'Top.Science.Astrophysics',
    ])
    expect(await found({ path: descendantOf('Top.Science_1') })).toEqual(['Top.Science_1'])
    expect(await found({ path: descendantOf('Top.ScienceX1') })).toEqual([])
    expect(await found({ path: ancestorOf('Top.Science.Astronomy.Unknown') })).toEqual(['Top', 'Top.Science', 'Top.Science.Astronomy'])
    expect(await found({ path: ancestorOf('Top') })).toEqual(['Top'])
    expect(await found({ path: not(descendantOf('Top')) })).toEqual(['TopX', 'top.science'])
    expect(await found({ path: or(ancestorOf('TopX'), descendantOf('Top.Hobbies')) })).toEqual(['Top.Hobbies.Amateurs_Astronomy', 'TopX'])
    expect(await found((topic) => topic.path.matches(descendantOf('Top.Science.Astronomy')).and(topic.name.eq('x')))).toEqual([
      'Top.Science.Astronomy',
      'Top.Science.Astronomy.Cosmology',
    ])
    expect(await found({ path: oneOf(['Top', 'Nowhere']) })).toEqual(['Top'])
    expect(await found({ path: gt('Top.Science_1') })).toEqual(['TopX', 'top.science'])

    const matching: Readonly<Record<string, readonly string[]>> = {
      Top: ['Top'],
      '*': topics,
      '*{1}': ['Top', 'TopX'],
      '*{3,4}': ['Top.Hobbies.Amateurs_Astronomy', 'Top.Science.Astronomy', 'Top.Science.Astronomy.Cosmology', 'Top.Science.Astrophysics'],
      '*{5,}': ['Top.Collections.Pictures.Astronomy.Stars'],
      '*{,1}': ['Top', 'TopX'],
      'Top.*{0}': ['Top'],
      '*.Astronomy': ['Top.Science.Astronomy'],
      '*.Astronomy.*': ['Top.Collections.Pictures.Astronomy.Stars', 'Top.Science.Astronomy', 'Top.Science.Astronomy.Cosmology'],
      'Top.*.Astro*.*': [
        'Top.Collections.Pictures.Astronomy.Stars',
        'Top.Science.Astronomy',
        'Top.Science.Astronomy.Cosmology',
        'Top.Science.Astrophysics',
      ],
      'Top.Science|Collections': ['Top.Collections', 'Top.Science'],
      'Top.!Science|Collections': ['Top.ScienceFiction', 'Top.Science_1'],
      'Top.!Science*': ['Top.Collections'],
      'TOP@.science@': ['Top.Science', 'top.science'],
      'top@.SCIENCE*@': ['Top.Science', 'Top.ScienceFiction', 'Top.Science_1', 'top.science'],
      'top@.SCIENCE@*|x': ['Top.Science', 'Top.ScienceFiction', 'Top.Science_1', 'top.science'],
      'Top*{1}': ['Top', 'TopX'],
      '!Top{1}.*': ['TopX', 'top.science'],
      science: [],
      'Top.*{70}': [],
      'Top.*{700,65535}': [],
      [Array(250).fill('*{300}').join('.')]: [],
      '*{0,99}.*{0,99}.*{0,99}.Science': ['Top.Science'],
    }
    for (const [pattern, paths] of Object.entries(matching)) {
      expect([pattern, await found({ path: matchesPath(pattern) })]).toEqual([pattern, paths])
    }
    expect(await found({ path: not(matchesPath('Top.*')) })).toEqual(['TopX', 'top.science'])
    expect(await found({ path: not(matchesPath('*{500}')) })).toEqual(topics)
  })

  row('what no database, or only one, takes for a pattern is 400', async ({ db }) => {
    const Topic = await things(db)
    const wrong = [
      '',
      '.',
      'a.',
      'a..b',
      'a|',
      '|a',
      '!',
      'a b',
      'a-b',
      'a**',
      'a@@',
      'a%',
      '*{',
      '*{}',
      '*{,}',
      '*{2,1}',
      '*{65536}',
      '*{-1}',
      '!*{1}',
    ]
    const more = [
      'a\0',
      'ä',
      'a!b',
      '(a)',
      '[a]',
      'a\\',
      '*.*.*.*.a',
      '!b{0,399}.!b{0,399}.!b{0,399}',
      'a'.repeat(256),
      Array(1_500).fill('a').join('.'),
      5,
      null,
      undefined,
      ['a'],
    ]
    for (const pattern of [...wrong, ...more]) {
      expect([pattern, await reason(() => Topic.count({ path: matchesPath(pattern as never) }))]).toEqual([
        pattern,
        refused('INVALID_FILTER', 400),
      ])
    }
    expect(await reason(() => Topic.count({ path: matchesPath('a%') }))).toMatchObject({
      message: expect.stringContaining('of PostgreSQL alone') as string,
    })
    for (const operator of [ancestorOf('a'), descendantOf('a'), matchesPath('a')]) {
      expect(await reason(() => Topic.count({ name: operator as never }))).toEqual(refused('INVALID_FILTER', 400))
    }
    // It is no text to PostgreSQL.
    expect(await reason(() => Topic.count({ path: startsWith('a') as never }))).toEqual(refused('INVALID_FILTER', 400))
    expect(await reason(() => Topic.query((topic) => ({ least: topic.path.min() })).first())).toEqual(refused('INVALID_FILTER', 400))
  })

  row('what two clients have chosen keeps no process: a deep path, and a pattern that can be read in many ways', async ({ db }) => {
    const Topic = await things(db)
    await Topic.create({ path: Array(384).fill('a').join('.') })
    for (const [pattern, count] of [
      ['*.a.*.a.*.b', 0],
      ['*.a.*.a.*.a', 1],
    ] as const) {
      expect([pattern, await Topic.count({ path: matchesPath(pattern) })]).toEqual([pattern, count])
    }
  })

  row('any paths sort by their labels, and are found as their labels say', async ({ db }) => {
    const Topic = await things(db)
    const paths = uniqueArray(
      array(stringMatching(/^[aAzZ09_]{1,3}$/), { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
      { minLength: 2, maxLength: 25 },
    )
    await assert(
      asyncProperty(paths, async (given) => {
        await Topic.query().deleteAll({ allRows: true, hardDelete: true })
        await Topic.createMany(given.map((path) => ({ path })))
        const sorted = given.toSorted(byLabels)
        expect((await Topic.query().orderBy('path').all()).map(({ path }) => path)).toEqual(sorted)
        const [first = ''] = given
        const isBelow = (path: string, top: string): boolean => path === top || path.startsWith(`${top}.`)
        const found = async (filter: Filter<InstanceType<typeof Topic>>): Promise<unknown> =>
          (await Topic.filter(filter).orderBy('path').all()).map(({ path }) => path)
        expect(await found({ path: descendantOf(first) })).toEqual(sorted.filter((path) => isBelow(path, first)))
        expect(await found({ path: ancestorOf(first) })).toEqual(sorted.filter((path) => isBelow(first, path)))
        expect(await found({ path: gt(first) })).toEqual(sorted.filter((path) => byLabels(path, first) > 0))
        const [label = ''] = first.split('.')
        const isWithin = (path: string): boolean => path.split('.').includes(label)
        expect(await found({ path: matchesPath(`*.${label}.*`) })).toEqual(sorted.filter(isWithin))
        expect(await found({ path: matchesPath(`!${label}{1,}`) })).toEqual(sorted.filter((path) => !isWithin(path)))
        const page = await Topic.query().orderBy('path').paginateByCursor({ first: 1 })
        const next = await Topic.query().orderBy('path').paginateByCursor({ first: 100, after: page.endCursor })
        expect([...page, ...next].map(({ path }) => path)).toEqual(sorted)
      }),
      { numRuns: 15 },
    )
  })

  row('a key, a default, unique, groups; a migration finds no difference', async ({ db }) => {
    class Folder extends db.BaseModel('Folder', {
      path: db.Column(db.LtreeType(), { primary: true }),
      next: db.Column(db.LtreeType(), { default: 'Top', unique: true }),
      kind: db.Column(db.LtreeType(), { nullable: true }),
    }) {}
    await db.createAll()
    const folder = await Folder.create({ path: 'Top.A', kind: 'a.b' })
    expect([folder.next, (await Folder.get('Top.A'))?.path, await Folder.get('Top.B'), await Folder.get('no path')]).toEqual([
      'Top',
      'Top.A',
      null,
      null,
    ])
    expect(await reason(() => Folder.create({ path: 'Top.B' }))).toEqual(refused('UNIQUE', 409))
    await Folder.create({ path: 'Top.C', next: 'Top.D', kind: 'a.b' })
    const groups = await Folder.query((each) => ({ kind: each.kind, n: each.path.count() }))
      .groupBy('kind')
      .all()
    expect(groups).toEqual([{ kind: 'a.b', n: 2 }])
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  row('an entity of plain TypeORM has paths by the decorator', async ({ another }) => {
    const { LtreeType, Column: column } = another()
    @Entity()
    class Place {
      @PrimaryGeneratedColumn() id!: number
      @column(LtreeType()) path!: TreePath
    }
    const db = another({ models: [Place] })
    await db.createAll()
    const repository = db.dataSource.getRepository(Place)
    const { id } = await repository.save({ path: 'World.Europe' })
    expect((await repository.findOneByOrFail({ id })).path).toBe('World.Europe')
    expect(await db.of(Place).count({ path: descendantOf('World') })).toBe(1)
    expect(await db.of(Place).count({ path: 'World.Europe' })).toBe(1)
  })
}

/** The order of `ltree`: label by label, by their bytes. */
function byLabels(one: string, other: string): number {
  const [first, second] = [one.split('.'), other.split('.')]
  for (const [index, label] of first.entries()) {
    const beside = second[index]
    if (beside === undefined) return 1
    if (label !== beside) return label < beside ? -1 : 1
  }
  return first.length - second.length
}
