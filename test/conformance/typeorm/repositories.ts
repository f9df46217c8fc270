import {
  Column,
  CreateDateColumn,
  Entity,
  EntityNotFoundError,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  QueryFailedError,
  Unique,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

@Entity()
class Recipe {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 40 }) declare title: string
  @Column('varchar', { length: 40, nullable: true }) declare note: string | null
  @Column('int', { default: 1 }) declare servings: number
  @Column('varchar', { length: 40, default: 'hidden', select: false }) declare source: string
  @CreateDateColumn() declare madeAt: Date
  @UpdateDateColumn() declare changedAt: Date
  @VersionColumn() declare revision: number
  @ManyToOne(
    () => Shelf,
    (shelf) => shelf.recipes,
    { nullable: true },
  )
  declare shelf: Shelf | null
}

@Entity()
class Shelf {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 40, unique: true }) declare name: string
  @OneToMany(
    () => Recipe,
    (recipe) => recipe.shelf,
  )
  declare recipes: Recipe[]
}

@Entity()
@Unique(['row', 'place'])
class Seat {
  @PrimaryColumn('int') declare hall: number
  @PrimaryColumn('varchar', { length: 10 }) declare code: string
  @Column('int') declare row: number
  @Column('int') declare place: number
  @Column('varchar', { length: 20, nullable: true }) declare guest: string | null
}

@Entity()
class Ticket {
  @PrimaryGeneratedColumn('uuid') declare id: string
  @Column('bigint', { default: 0 }) declare serial: string
}

const titles = async ({ repo }: World): Promise<string[]> =>
  (await repo(Recipe).find({ order: { title: 'ASC' } })).map(({ title }) => title)
const some = ({ repo }: World, ...names: string[]): Promise<Recipe[]> => repo(Recipe).save(names.map((title) => ({ title })) as Recipe[])

/** What a repository does with rows. */
export const repositories: Topic = {
  title: 'repositories',
  options: { entities: [Recipe, Shelf, Seat, Ticket] },
  rows: {
    'create gives an instance, and writes nothing': async ({ repo }) => {
      const recipe = repo(Recipe).create({ title: 'Soup' })
      expect(recipe).toBeInstanceOf(Recipe)
      expect([recipe.id, await repo(Recipe).count()]).toEqual([undefined, 0])
    },
    'create makes instances of what an object holds, and of each of a list': async ({ repo }) => {
      const [first, second] = repo(Recipe).create([{ title: 'Soup', shelf: { name: 'top' } }, { title: 'Cake' }])
      expect(first?.shelf).toBeInstanceOf(Shelf)
      expect(second).toMatchObject({ title: 'Cake' })
    },
    'create leaves out what is no column': async ({ repo }) => {
      const given = { title: 'Soup', isAdmin: true }
      expect(repo(Recipe).create(given)).not.toHaveProperty('isAdmin')
    },
    'merge puts values into an instance, the last one wins': async ({ repo }) => {
      const recipe = repo(Recipe).create({ title: 'Soup', note: 'hot' })
      expect(repo(Recipe).merge(recipe, { title: 'Stew' }, { title: 'Cake' })).toBe(recipe)
      expect(recipe).toMatchObject({ title: 'Cake', note: 'hot' })
    },
    'hasId and getId tell the key of an instance': async ({ repo }) => {
      expect(repo(Recipe).hasId(repo(Recipe).create({ title: 'Soup' }))).toBe(false)
      const recipe = repo(Recipe).create({ id: 7 })
      expect([repo(Recipe).hasId(recipe), repo(Recipe).getId(recipe)]).toEqual([true, 7])
    },
    'preload gives the row with other values, unsaved': async (world) => {
      const { repo } = world
      const [soup] = await some(world, 'Soup')
      const loaded = await repo(Recipe).preload({ id: soup?.id ?? 0, note: 'hot' })
      expect(loaded).toMatchObject({ title: 'Soup', note: 'hot' })
      expect(await repo(Recipe).countBy({ note: 'hot' })).toBe(0)
    },
    'preload of a key that no row has gives nothing': async ({ repo }) => {
      expect(await repo(Recipe).preload({ id: 4711, title: 'x' })).toBeUndefined()
    },
    'save gives the object itself back, with its key': async ({ repo }) => {
      const recipe = repo(Recipe).create({ title: 'Soup' })
      expect(await repo(Recipe).save(recipe)).toBe(recipe)
      expect(recipe.id).toBeTypeOf('number')
      expect(await repo(Recipe).findOneBy({ id: recipe.id })).toMatchObject({ title: 'Soup' })
    },
    'save of a plain object writes a row': async (world) => {
      const saved = await world.repo(Recipe).save({ title: 'Soup' })
      expect(saved.id).toBeTypeOf('number')
      expect(await titles(world)).toEqual(['Soup'])
    },
    'save fills in defaults of the database and the dates': async ({ repo }) => {
      const saved = await repo(Recipe).save(repo(Recipe).create({ title: 'Soup' }))
      expect([saved.servings, saved.revision]).toEqual([1, 1])
      expect([saved.madeAt, saved.changedAt].every((date) => date instanceof Date)).toBe(true)
    },
    'save again counts the version, and keeps the day of its making': async ({ repo }) => {
      const recipe = await repo(Recipe).save(repo(Recipe).create({ title: 'Soup' }))
      const { madeAt } = recipe
      await repo(Recipe).save(Object.assign(recipe, { title: 'Stew' }))
      expect(await repo(Recipe).findOneBy({ id: recipe.id })).toMatchObject({ revision: 2, madeAt, title: 'Stew' })
    },
    'save of what was read and has not changed leaves the version': async ({ repo }) => {
      const { id } = await repo(Recipe).save({ title: 'Soup' })
      await repo(Recipe).save(await repo(Recipe).findOneByOrFail({ id }))
      expect((await repo(Recipe).findOneByOrFail({ id })).revision).toBe(1)
    },
    'save of a part of a row keeps the rest': async (world) => {
      const { repo } = world
      const { id } = await repo(Recipe).save({ title: 'Soup', note: 'hot' })
      await repo(Recipe).save({ id, title: 'Stew' })
      expect(await repo(Recipe).findOneBy({ id })).toMatchObject({ title: 'Stew', note: 'hot' })
    },
    'save leaves what is undefined, and clears what is null': async ({ repo }) => {
      const { id } = await repo(Recipe).save({ title: 'Soup', note: 'hot' })
      await repo(Recipe).save(Object.assign(repo(Recipe).create(), { id, title: 'a', note: undefined }))
      expect(await repo(Recipe).findOneBy({ id })).toMatchObject({ note: 'hot' })
      await repo(Recipe).save({ id, note: null })
      expect(await repo(Recipe).findOneBy({ id })).toMatchObject({ note: null, title: 'a' })
    },
    'save of a key that no row has inserts it under that key': async ({ repo }) => {
      await repo(Seat).save({ hall: 3, code: 'b', row: 1, place: 1 })
      expect(await repo(Seat).findOneBy({ hall: 3, code: 'b' })).toMatchObject({ row: 1 })
    },
    'save of a list inserts what is new and updates what is not': async (world) => {
      const { repo } = world
      const [soup] = await some(world, 'Soup')
      await repo(Recipe).save([{ id: soup?.id ?? 0, title: 'Stew' }, { title: 'Cake' }])
      expect(await titles(world)).toEqual(['Cake', 'Stew'])
    },
    'save in chunks writes all of a list': async ({ repo }) => {
      const list = Array.from({ length: 23 }, (_, index) => repo(Recipe).create({ title: `Dish ${index}` }))
      await repo(Recipe).save(list, { chunk: 5 })
      expect(await repo(Recipe).count()).toBe(23)
    },
    'save without a transaction of its own writes': async (world) => {
      await world.repo(Recipe).save({ title: 'Soup' }, { transaction: false })
      expect(await titles(world)).toEqual(['Soup'])
    },
    'save without reading back leaves the object as it was': async (world) => {
      const saved = await world.repo(Recipe).save(world.repo(Recipe).create({ title: 'Soup' }), { reload: false })
      expect([saved.revision, saved.servings]).toEqual([undefined, undefined])
      expect(await titles(world)).toEqual(['Soup'])
    },
    'save of an empty list gives it back': async ({ repo }) => {
      expect(await repo(Recipe).save([])).toEqual([])
    },
    'save sets a relation by a part of its row': async ({ repo }) => {
      const shelf = await repo(Shelf).save({ name: 'top' })
      const { id } = await repo(Recipe).save({ title: 'Soup', shelf: { id: shelf.id } as Shelf })
      expect(await repo(Recipe).findOne({ where: { id }, relations: { shelf: true } })).toMatchObject({ shelf: { name: 'top' } })
    },
    'insert of one tells its key': async (world) => {
      const { identifiers, generatedMaps } = await world.repo(Recipe).insert({ title: 'Soup' })
      expect([identifiers, generatedMaps].map((list) => list.length)).toEqual([1, 1])
      expect(await world.repo(Recipe).findOneBy({ id: (identifiers[0] as Recipe).id })).toMatchObject({ title: 'Soup' })
    },
    'insert of many tells the key of each': async (world) => {
      const { identifiers } = await world.repo(Recipe).insert([{ title: 'Soup' }, { title: 'Cake' }])
      const ids = identifiers.map(({ id }) => id as number)
      expect(new Set(ids).size).toBe(2)
      expect(await titles(world)).toEqual(['Cake', 'Soup'])
    },
    'update by a key tells how many': async (world) => {
      const [soup] = await some(world, 'Soup', 'Cake')
      expect((await world.repo(Recipe).update(soup?.id ?? 0, { title: 'Stew' })).affected).toBe(1)
      expect(await titles(world)).toEqual(['Cake', 'Stew'])
    },
    'update by a list of keys': async (world) => {
      const list = await some(world, 'a', 'b', 'c')
      const ids = list.slice(0, 2).map(({ id }) => id)
      await world.repo(Recipe).update(ids, { title: 'x' })
      expect(await titles(world)).toEqual(['c', 'x', 'x'])
    },
    'update by values changes every row that has them': async (world) => {
      await some(world, 'a', 'a', 'b')
      expect((await world.repo(Recipe).update({ title: 'a' }, { title: 'c' })).affected).toBe(2)
      expect(await titles(world)).toEqual(['b', 'c', 'c'])
    },
    'update of nothing that is there changes nothing': async (world) => {
      await some(world, 'a')
      expect((await world.repo(Recipe).update({ title: 'none' }, { title: 'c' })).affected).toBe(0)
    },
    'update counts the version and stamps the change': async (world) => {
      const [soup] = await some(world, 'Soup')
      await world.repo(Recipe).update({ title: 'Soup' }, { note: 'hot' })
      const now = await world.repo(Recipe).findOneByOrFail({ id: soup?.id ?? 0 })
      expect(now.revision).toBe(2)
      expect(now.changedAt.getTime()).toBeGreaterThanOrEqual(now.madeAt.getTime())
    },
    'update sets a relation': async ({ repo }) => {
      const shelf = await repo(Shelf).save({ name: 'top' })
      const { id } = await repo(Recipe).save({ title: 'Soup' })
      await repo(Recipe).update({ id }, { shelf: { id: shelf.id } })
      expect(await repo(Recipe).countBy({ shelf: { id: shelf.id } })).toBe(1)
    },
    'update without a condition is refused': async ({ repo }) => {
      await expect(repo(Recipe).update({}, { title: 'x' })).rejects.toThrow(/criteria/)
    },
    'update of all rows has a name of its own': async (world) => {
      await some(world, 'a', 'b')
      expect((await world.repo(Recipe).updateAll({ title: 'x' })).affected).toBe(2)
      expect(await titles(world)).toEqual(['x', 'x'])
    },
    'delete by a key, and by a list of them': async (world) => {
      const [a, b, c] = await some(world, 'a', 'b', 'c', 'd')
      expect((await world.repo(Recipe).delete(a?.id ?? 0)).affected).toBe(1)
      await world.repo(Recipe).delete([b?.id ?? 0, c?.id ?? 0])
      expect(await titles(world)).toEqual(['d'])
    },
    'delete by values tells how many': async (world) => {
      await some(world, 'a', 'a', 'b')
      expect((await world.repo(Recipe).delete({ title: 'a' })).affected).toBe(2)
      expect(await titles(world)).toEqual(['b'])
    },
    'delete without a condition is refused': async (world) => {
      await some(world, 'a')
      await expect(world.repo(Recipe).delete({})).rejects.toThrow(/criteria/)
      expect(await titles(world)).toEqual(['a'])
    },
    'delete of all rows has a name of its own': async (world) => {
      await some(world, 'a', 'b')
      expect((await world.repo(Recipe).deleteAll()).affected).toBe(2)
      expect(await titles(world)).toEqual([])
    },
    'remove takes the row, and its key from the object': async (world) => {
      const list = await some(world, 'a', 'b')
      const [first] = list as [Recipe]
      const removed = await world.repo(Recipe).remove(first)
      expect([removed === first, removed.id]).toEqual([true, undefined])
      expect(await titles(world)).toEqual(['b'])
    },
    'remove of a list takes all of them': async (world) => {
      const list = await some(world, 'a', 'b', 'c')
      await world.repo(Recipe).remove(list.slice(0, 2), { chunk: 1 })
      expect(await titles(world)).toEqual(['c'])
    },
    'increment and decrement count in the database': async (world) => {
      const [soup] = await some(world, 'Soup', 'Cake')
      await world.repo(Recipe).increment({ title: 'Soup' }, 'servings', 5)
      await world.repo(Recipe).decrement({ title: 'Soup' }, 'servings', 2)
      expect((await world.repo(Recipe).findOneByOrFail({ id: soup?.id ?? 0 })).servings).toBe(4)
      expect(await world.repo(Recipe).countBy({ servings: 1 })).toBe(1)
    },
    'increment takes a text of digits, for numbers that are too large': async ({ repo }) => {
      const { id } = await repo(Ticket).save({ serial: '9007199254740990' })
      await repo(Ticket).increment({ id }, 'serial', '7')
      expect(await repo(Ticket).countBy({ serial: '9007199254740997' })).toBe(1)
    },
    'increment of an unknown column, or by no number, is refused': async ({ repo }) => {
      await expect(repo(Recipe).increment({ title: 'a' }, 'nothing', 1)).rejects.toThrow(/nothing/)
      await expect(repo(Recipe).increment({ title: 'a' }, 'servings', 'many')).rejects.toThrow(/not a number/)
    },
    'count, countBy, exists and existsBy ask without reading rows': async (world) => {
      const { repo } = world
      await some(world, 'a', 'a', 'b')
      expect([await repo(Recipe).count(), await repo(Recipe).countBy({ title: 'a' })]).toEqual([3, 2])
      expect(await repo(Recipe).exists({ where: { title: 'b' } })).toBe(true)
      expect(await repo(Recipe).existsBy({ title: 'c' })).toBe(false)
    },
    'sum, average, minimum and maximum of a column': async (world) => {
      await world.repo(Recipe).save([
        { title: 'a', servings: 2 },
        { title: 'b', servings: 4 },
      ])
      const recipes = world.repo(Recipe)
      expect(await recipes.sum('servings')).toBe(6)
      expect(Number(await recipes.average('servings'))).toBe(3)
      expect([await recipes.minimum('servings'), await recipes.maximum('servings')]).toEqual([2, 4])
      expect(await recipes.sum('servings', { title: 'none' })).toBeNull()
    },
    'upsert inserts, and updates where the value is taken': async ({ repo }) => {
      await repo(Shelf).upsert([{ name: 'top' }, { name: 'low' }], ['name'])
      await repo(Shelf).upsert([{ name: 'top' }, { name: 'mid' }], ['name'])
      expect((await repo(Shelf).find({ order: { name: 'ASC' } })).map(({ name }) => name)).toEqual(['low', 'mid', 'top'])
    },
    'upsert finds a row by two columns': async ({ repo }) => {
      await repo(Seat).upsert({ hall: 1, code: 'a', row: 1, place: 2, guest: 'Ada' }, ['row', 'place'])
      await repo(Seat).upsert({ hall: 1, code: 'a', row: 1, place: 2, guest: 'Bob' }, { conflictPaths: { row: true, place: true } })
      expect(await repo(Seat).find()).toMatchObject([{ guest: 'Bob' }])
    },
    'upsert finds a row by its composite key': async ({ repo }) => {
      await repo(Seat).upsert({ hall: 1, code: 'a', row: 1, place: 1, guest: 'Ada' }, ['hall', 'code'])
      await repo(Seat).upsert({ hall: 1, code: 'a', row: 1, place: 1, guest: 'Bob' }, ['hall', 'code'])
      expect(await repo(Seat).find()).toMatchObject([{ hall: 1, code: 'a', guest: 'Bob' }])
    },
    'a composite key finds, updates and deletes its row alone': async ({ repo }) => {
      await repo(Seat).save([
        { hall: 1, code: 'a', row: 1, place: 1 },
        { hall: 1, code: 'b', row: 1, place: 2 },
      ])
      await repo(Seat).update({ hall: 1, code: 'b' }, { guest: 'Ada' })
      await repo(Seat).delete({ hall: 1, code: 'a' })
      expect(await repo(Seat).find()).toMatchObject([{ code: 'b', guest: 'Ada' }])
    },
    'a key that is a UUID is made at insert': async ({ repo }) => {
      const ticket = await repo(Ticket).save(repo(Ticket).create())
      expect(ticket.id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
      expect(await repo(Ticket).findOneBy({ id: ticket.id })).toMatchObject({ id: ticket.id })
    },
    'a bigint column gives its digits': async ({ repo, database }) => {
      const { id } = await repo(Ticket).save({ serial: '9007199254740993' })
      // SQLite gives TypeORM a number, which cannot hold all of them.
      if (!database.name.startsWith('sqlite')) expect((await repo(Ticket).findOneByOrFail({ id })).serial).toBe('9007199254740993')
      expect(await repo(Ticket).countBy({ serial: '9007199254740993' })).toBe(1)
    },
    'a column that is not selected is there only where it is asked for': async (world) => {
      const [soup] = await some(world, 'Soup')
      const id = soup?.id ?? 0
      expect((await world.repo(Recipe).findOneByOrFail({ id })).source).toBeUndefined()
      const asked = await world.repo(Recipe).findOneOrFail({ where: { id }, select: { id: true, source: true } })
      expect(asked.source).toBe('hidden')
    },
    'a repository is found by class, by name and by table, and is the same each time': async ({ app }) => {
      expect(app.getRepository('Recipe')).toBe(app.getRepository('Recipe'))
      expect(app.getRepository(Recipe)).toBe(app.getRepository(Recipe))
      expect(app.getRepository('recipe').metadata).toBe(app.getRepository(Recipe).metadata)
      expect(() => app.getRepository('nothing').metadata).toThrow(/nothing/)
    },
    'a custom repository has methods of its own beside all others': async ({ repo }) => {
      const recipes = repo(Recipe).extend({
        named(title: string) {
          return this.findBy({ title })
        },
      })
      await recipes.save({ title: 'Soup' })
      expect(await recipes.named('Soup')).toMatchObject([{ title: 'Soup' }])
    },
    'SQL of a repository takes parameters': async ({ repo, app }) => {
      await repo(Shelf).save({ name: 'top' })
      const mark = app.options.type === 'postgres' ? '$1' : '?'
      expect(await repo(Shelf).query(`select name from shelf where name = ${mark}`, ['top'])).toEqual([{ name: 'top' }])
    },
    'SQL as a tagged template binds its values': async ({ app, repo }) => {
      await repo(Shelf).save({ name: "o'top" })
      expect(await app.sql`select name from shelf where name = ${"o'top"}`).toEqual([{ name: "o'top" }])
    },
    'a row that must be there, and is not, is an error of its own class': async ({ repo }) => {
      await expect(repo(Recipe).findOneByOrFail({ id: 4711 })).rejects.toBeInstanceOf(EntityNotFoundError)
      await expect(repo(Recipe).findOneOrFail({ where: { title: 'none' } })).rejects.toThrow(/Recipe/)
    },
  },
  outside: {
    'clear empties the table': async (world) => {
      const { repo } = world
      await repo(Ticket).save([{}, {}])
      await repo(Ticket).clear()
      expect(await repo(Ticket).count()).toBe(0)
    },
    'save of what is no object is refused': async ({ repo }) => {
      for (const value of [null, 7, 'text']) await expect(repo(Recipe).save(value as never)).rejects.toThrow(/must be/)
    },
    'save of a value that is taken fails, and keeps the others of its list out': async ({ repo }) => {
      await repo(Shelf).save({ name: 'top' })
      await expect(repo(Shelf).save([{ name: 'new' }, { name: 'top' }])).rejects.toBeInstanceOf(QueryFailedError)
      expect(await repo(Shelf).find()).toMatchObject([{ name: 'top' }])
    },
    'insert under a key that is there fails': async ({ repo }) => {
      await repo(Seat).insert({ hall: 1, code: 'a', row: 1, place: 1 })
      await expect(repo(Seat).insert({ hall: 1, code: 'a', row: 2, place: 2 })).rejects.toBeInstanceOf(QueryFailedError)
    },
  },
}
