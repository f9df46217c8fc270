import {
  And,
  Between,
  Column,
  Entity,
  Equal,
  ILike,
  In,
  IsNull,
  JoinTable,
  LessThan,
  LessThanOrEqual,
  Like,
  ManyToMany,
  ManyToOne,
  MoreThan,
  MoreThanOrEqual,
  Not,
  OneToMany,
  Or,
  PrimaryGeneratedColumn,
  Raw,
  type FindOptionsWhere,
} from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

@Entity()
class Author {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @Column('int', { nullable: true }) declare age: number | null
  @OneToMany(
    () => Book,
    (book) => book.author,
  )
  declare books: Book[]
}

@Entity()
class Book {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare title: string
  @Column('int') declare pages: number
  @Column('varchar', { length: 30, nullable: true }) declare genre: string | null
  @ManyToOne(
    () => Author,
    (author) => author.books,
    { nullable: true },
  )
  declare author: Author | null
  @ManyToMany(
    () => Keyword,
    (keyword) => keyword.books,
  )
  @JoinTable()
  declare keywords: Keyword[]
}

@Entity()
class Keyword {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare word: string
  @ManyToMany(
    () => Book,
    (book) => book.keywords,
  )
  declare books: Book[]
}

/** Five books: Dune (412), Emma (474), Ulysses (730), Walden (352), Zorro (200, of nobody). */
async function library({ repo }: World): Promise<Record<'ada' | 'bob', Author> & Record<'sand' | 'love', Keyword>> {
  const ada = await repo(Author).save({ name: 'Ada', age: 40 } as Author)
  const bob = await repo(Author).save({ name: 'Bob', age: null } as Author)
  const sand = await repo(Keyword).save({ word: 'sand' } as Keyword)
  const love = await repo(Keyword).save({ word: 'love' } as Keyword)
  await repo(Book).save([
    { title: 'Dune', pages: 412, genre: 'sf', author: ada, keywords: [sand, love] },
    { title: 'Emma', pages: 474, genre: null, author: bob, keywords: [love] },
    { title: 'Ulysses', pages: 730, genre: 'novel', author: ada, keywords: [] },
    { title: 'Walden', pages: 352, genre: 'essay', author: bob, keywords: [] },
    { title: 'Zorro', pages: 200, genre: 'novel', author: null, keywords: [] },
  ])
  return { ada, bob, sand, love }
}

type Where = FindOptionsWhere<Book> | FindOptionsWhere<Book>[]

/** Conditions, and the first letters of the books that have them. */
const conditions: Readonly<Record<string, readonly [where: Where, found: string]>> = {
  'a value': [{ title: 'Emma' }, 'E'],
  Equal: [{ pages: Equal(412) }, 'D'],
  'Not of a value': [{ title: Not('Emma') }, 'DUWZ'],
  'Not of a value leaves NULL out': [{ genre: Not('novel') }, 'DW'],
  'Not of Not': [{ pages: Not(Not(412)) }, 'D'],
  LessThan: [{ pages: LessThan(352) }, 'Z'],
  LessThanOrEqual: [{ pages: LessThanOrEqual(352) }, 'WZ'],
  MoreThan: [{ pages: MoreThan(474) }, 'U'],
  MoreThanOrEqual: [{ pages: MoreThanOrEqual(474) }, 'EU'],
  'Not of LessThan': [{ pages: Not(LessThan(474)) }, 'EU'],
  Between: [{ pages: Between(352, 412) }, 'DW'],
  'Not of Between': [{ pages: Not(Between(352, 474)) }, 'UZ'],
  Like: [{ title: Like('%l%') }, 'UW'],
  ILike: [{ title: ILike('%E') }, 'D'],
  'Not of Like': [{ title: Not(Like('%n%')) }, 'EUZ'],
  In: [{ title: In(['Emma', 'Zorro', 'none']) }, 'EZ'],
  'Not of In': [{ title: Not(In(['Emma', 'Zorro'])) }, 'DUW'],
  'In of nothing': [{ title: In([]) }, ''],
  'Not of In of nothing': [{ title: Not(In([])) }, 'DEUWZ'],
  IsNull: [{ genre: IsNull() }, 'E'],
  'Not of IsNull': [{ genre: Not(IsNull()) }, 'DUWZ'],
  'And of operators': [{ pages: And(MoreThan(200), LessThan(412)) }, 'W'],
  'Or of operators': [{ pages: Or(LessThan(352), MoreThan(474)) }, 'UZ'],
  Raw: [{ pages: Raw((column) => `${column} % 100 = 0`) }, 'Z'],
  'Raw with parameters': [{ pages: Raw((column) => `${column} between :low and :high`, { low: 400, high: 500 }) }, 'DE'],
  'two columns': [{ genre: 'novel', pages: MoreThan(300) }, 'U'],
  'a list, as or': [[{ genre: 'novel' }, { title: 'Emma' }], 'EUZ'],
  'a relation': [{ author: { name: 'Ada' } }, 'DU'],
  'an operator of a relation': [{ author: { age: IsNull(), name: Like('B%') } }, 'EW'],
  'a relation that is not there': [{ author: IsNull() }, 'Z'],
  'a relation to many': [{ keywords: { word: 'love' } }, 'DE'],
  'a path of relations': [{ keywords: { books: { title: 'Emma' } } }, 'DE'],
  'a relation, or a column': [[{ author: { name: 'Ada' }, pages: LessThan(500) }, { genre: 'essay' }], 'DW'],
}

const found = async ({ repo }: World, where: Where): Promise<string> => {
  const books = await repo(Book).find({ where, order: { title: 'ASC' } })
  return books.map(({ title }) => title[0]).join('')
}

/** How rows are found by options. */
export const finders: Topic = {
  title: 'finders',
  options: { entities: [Author, Book, Keyword] },
  rows: {
    ...Object.fromEntries(
      Object.entries(conditions).map(([name, [where, letters]]) => [
        `where: ${name}`,
        async (world: World) => {
          await library(world)
          expect(await found(world, where)).toBe(letters)
          expect(await world.repo(Book).count({ where })).toBe(letters.length)
        },
      ]),
    ),
    'where takes the row of a relation': async (world) => {
      const { ada, sand } = await library(world)
      expect(await found(world, { author: { id: ada.id } })).toBe('DU')
      expect(await found(world, { author: ada })).toBe('DU')
      expect(await found(world, { keywords: { id: In([sand.id]) } })).toBe('D')
    },
    'where of null or undefined is refused, and never means all rows': async (world) => {
      await library(world)
      for (const value of [null, undefined]) {
        await expect(world.repo(Book).findBy({ title: value as never })).rejects.toThrow(/title/)
      }
    },
    'order by columns, by two of them, and by those of a relation': async (world) => {
      await library(world)
      const first = async (order: object): Promise<string> =>
        (await world.repo(Book).find({ where: { author: Not(IsNull()) }, order })).map(({ title }) => title[0]).join('')
      expect(await first({ pages: 'DESC' })).toBe('UEDW')
      expect(await first({ author: { name: 'DESC' }, title: 'ASC' })).toBe('EWDU')
    },
    'order says where NULL stands, where the database knows it': async (world) => {
      world.skip(world.app.options.type === 'mariadb', 'MySQL and MariaDB have no NULLS LAST')
      await library(world)
      const authors = await world.repo(Author).find({ order: { age: { direction: 'ASC', nulls: 'LAST' } } })
      expect(authors.map(({ name }) => name)).toEqual(['Ada', 'Bob'])
    },
    'skip and take give a window': async (world) => {
      await library(world)
      const books = await world.repo(Book).find({ order: { title: 'ASC' }, skip: 1, take: 2 })
      expect(books.map(({ title }) => title)).toEqual(['Emma', 'Ulysses'])
    },
    'take counts rows of the entity, also with a relation to many': async (world) => {
      await library(world)
      const options = { relations: { books: true }, order: { name: 'ASC', books: { title: 'DESC' } }, take: 1 } as const
      const authors = await world.repo(Author).find(options)
      expect(authors.map(({ name, books }) => [name, books.map(({ title }) => title)])).toEqual([['Ada', ['Ulysses', 'Dune']]])
    },
    'findAndCount counts without the window': async (world) => {
      await library(world)
      const [books, count] = await world.repo(Book).findAndCount({ where: { pages: MoreThan(300) }, take: 2, order: { id: 'ASC' } })
      expect([books.length, count]).toEqual([2, 4])
      expect((await world.repo(Book).findAndCountBy({ genre: 'novel' }))[1]).toBe(2)
    },
    'findOne gives the first by its order, or null': async (world) => {
      await library(world)
      expect(await world.repo(Book).findOne({ where: { genre: 'novel' }, order: { pages: 'ASC' } })).toMatchObject({ title: 'Zorro' })
      expect(await world.repo(Book).findOneBy({ title: 'none' })).toBeNull()
    },
    'findOne without a condition is refused': async (world) => {
      await expect(world.repo(Book).findOne({})).rejects.toThrow(/selection conditions/)
    },
    'relations are loaded by name, and down a path': async (world) => {
      await library(world)
      const dune = await world.repo(Book).findOneOrFail({
        where: { title: 'Dune' },
        relations: { author: { books: true }, keywords: true },
        order: { keywords: { word: 'ASC' }, author: { books: { title: 'ASC' } } },
      })
      expect(dune.author?.books.map(({ title }) => title)).toEqual(['Dune', 'Ulysses'])
      expect(dune.keywords.map(({ word }) => word)).toEqual(['love', 'sand'])
    },
    'a relation that nobody asked for is not there; one without rows is null or empty': async (world) => {
      await library(world)
      const where = { title: 'Zorro' }
      const plain = await world.repo(Book).findOneByOrFail(where)
      expect([plain.author, plain.keywords]).toEqual([undefined, undefined])
      const full = await world.repo(Book).findOneOrFail({ where, relations: { author: true, keywords: true } })
      expect([full.author, full.keywords]).toEqual([null, []])
    },
    'relations are loaded by statements of their own, if the strategy says so': async (world) => {
      await library(world)
      const [dune] = await world.repo(Book).find({
        where: { title: 'Dune' },
        relations: { author: { books: true }, keywords: true },
        relationLoadStrategy: 'query',
      })
      expect(dune?.keywords.map(({ word }) => word).toSorted()).toEqual(['love', 'sand'])
      expect(dune?.author?.books).toHaveLength(2)
    },
    'loadRelationIds gives keys in place of rows': async (world) => {
      const { ada, sand, love } = await library(world)
      const dune = await world.repo(Book).findOneOrFail({ where: { title: 'Dune' }, loadRelationIds: true })
      expect(dune.author).toBe(ada.id)
      expect((dune.keywords as unknown as number[]).toSorted((one, other) => one - other)).toEqual([sand.id, love.id])
    },
    'select gives what it names, also of a relation': async (world) => {
      await library(world)
      const [dune] = await world.repo(Book).find({
        select: { id: true, title: true, author: { id: true, name: true } },
        relations: { author: true },
        where: { title: 'Dune' },
      })
      expect([dune?.pages, dune?.author?.age]).toEqual([undefined, undefined])
      expect(dune).toMatchObject({ title: 'Dune', author: { name: 'Ada' } })
    },
    'a comment goes with the statement': async (world) => {
      await library(world)
      expect(await world.repo(Book).find({ comment: 'of the */ report', where: { title: 'Dune' } })).toHaveLength(1)
    },
    'options of find are taken by a builder': async (world) => {
      await library(world)
      const builder = world
        .repo(Book)
        .createQueryBuilder('book')
        .setFindOptions({ where: { genre: 'novel' }, order: { title: 'ASC' } })
      expect((await builder.getMany()).map(({ title }) => title)).toEqual(['Ulysses', 'Zorro'])
    },
    'the manager finds by class as a repository does': async (world) => {
      await library(world)
      const { manager } = world.app
      expect(await manager.findOneBy(Book, { title: 'Dune' })).toBeInstanceOf(Book)
      expect(await manager.count(Book)).toBe(5)
      expect(await manager.existsBy(Author, { name: 'Ada' })).toBe(true)
      expect(await manager.sum(Book, 'pages', { genre: 'novel' })).toBe(930)
    },
  },
}
