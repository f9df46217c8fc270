import { Column, Entity, EventSubscriber, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm'
import { describe, expect, it } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { ModelDefinitionError } from '../src/errors.js'

/** A database that is never connected: its metadata need none. */
const database = (): ActiveAlchemy => new ActiveAlchemy('sqlite://')

/** The tables of a database, each with its columns. */
function tables(db: ActiveAlchemy): Record<string, string[]> {
  return Object.fromEntries(db.metadata.map(({ tableName, columns }) => [tableName, columns.map(({ databaseName }) => databaseName)]))
}

const stamps = ['id', 'created_at', 'updated_at', 'is_deleted', 'deleted_at']

describe('a model', () => {
  it('has a table by its name, and columns in snake case, after those of every model', () => {
    const db = database()
    class TodoList extends db.Model('TodoList', { dueOn: db.Column(db.Date), title: db.Column(db.String(80), { name: 'TITLE' }) }) {}
    expect(TodoList.name).toBe('TodoList')
    expect(tables(db)).toEqual({ todo_list: [...stamps, 'due_on', 'TITLE'] })
  })

  it('of BaseModel has its own columns only', () => {
    const db = database()
    class Country extends db.BaseModel('Country', { code: db.Column(db.String(2), { primary: true }) }) {}
    expect(new Country()).toBeInstanceOf(db.BaseModel)
    expect(tables(db)).toEqual({ country: ['code'] })
  })

  it('keeps the name that was given, whatever a bundler makes of the class', () => {
    const db = database()
    class a extends db.Model('User', { name: db.Column(db.Text) }) {}
    db.register(a)
    expect(tables(db)).toEqual({ user: [...stamps, 'name'] })
  })

  it('may have a table by another name, as a setting or a static', () => {
    const db = database()
    db.Model('User', { name: db.Column(db.Text) }, { tableName: 'people' })
    class Order extends db.Model('Order', { total: db.Column(db.Integer) }) {
      static override readonly tableName = 'purchases'
    }
    db.register(Order)
    expect(Object.keys(tables(db)).sort()).toEqual(['people', 'purchases'])
  })

  it('may be defined by decorators alone; its table loses a leading underscore', () => {
    const db = database()
    class _Legacy extends db.Model {
      declare name: string
    }
    db.Column(db.String(25))(_Legacy.prototype, 'name')
    expect(tables(db)).toEqual({ legacy: [...stamps, 'name'] })
  })

  it('may be defined by the decorators of TypeORM', () => {
    const db = database()
    class Legacy extends db.BaseModel {
      declare id: number
      declare firstName: string
    }
    PrimaryGeneratedColumn()(Legacy.prototype, 'id')
    Column('varchar')(Legacy.prototype, 'firstName')
    db.register(Legacy)
    expect(tables(db)).toEqual({ legacy: ['id', 'first_name'] })
  })

  it('that extends a concrete model has a table of its own, with the columns of both', () => {
    const db = database()
    class Animal extends db.Model('Animal', { name: db.Column(db.Text) }) {}
    class Bird extends Animal {}
    db.register(Animal, Bird)
    expect(tables(db)).toEqual({ animal: [...stamps, 'name'], bird: [...stamps, 'name'] })
  })

  it('that is there to be extended has no table', () => {
    const db = database()
    class Named extends db.Model {
      static override readonly abstract = true
      declare name: string
    }
    db.Column(db.Text)(Named.prototype, 'name')
    class City extends Named {}
    db.register(City)
    expect(tables(db)).toEqual({ city: [...stamps, 'name'] })
  })

  it('that only a relation names is met through it, also when two name each other', () => {
    const db = database()
    class User extends db.Model('User', { name: db.Column(db.Text) }) {
      static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
      declare posts: Post[]
    }
    class Post extends db.Model('Post', { title: db.Column(db.Text) }) {
      static relations = this.relate({ author: db.ManyToOne(() => User, 'posts') })
      declare author: User
    }
    expect(tables(db)).toEqual({ user: [...stamps, 'name'], post: [...stamps, 'title', 'author_id'] })
    expect(User.relations.posts.related()).toBe(Post)
  })

  it('may have relations whose keys and tables are named', () => {
    const db = database()
    class Tag extends db.Model('Tag', { label: db.Column(db.Text) }) {}
    class Profile extends db.Model('Profile', { text: db.Column(db.Text) }) {}
    class User extends db.Model('User', { name: db.Column(db.Text) }) {
      static relations = this.relate({
        tags: db.ManyToMany(() => Tag, { joinTable: 'user_has_tag' }),
        friends: db.ManyToMany(() => User, { joinTable: true }),
        profile: db.OneToOne(() => Profile, { joinColumn: 'profile_key' }),
      })
    }
    db.register(User)
    const all = tables(db)
    expect(all['user']).toContain('profile_key')
    expect(all['user_has_tag']).toEqual(['user_id', 'tag_id'])
    expect(Object.keys(all)).toHaveLength(5)
  })
})

describe('the metadata', () => {
  it('tell of keys, defaults, indexes, and what may be null', () => {
    const db = database()
    db.Model('User', {
      name: db.Column(db.String(25), { unique: true }),
      location: db.Column(db.String(50), { default: 'USA', index: true }),
      seenAt: db.Column(db.DateTime, { nullable: true }),
      joinedAt: db.Column(db.DateTime, { serverDefault: 'CURRENT_TIMESTAMP' }),
      token: db.Column(db.UUID, { generated: 'uuid' }),
    })
    const [metadata] = db.metadata
    const column = (name: string): object => metadata?.findColumnWithPropertyName(name) ?? {}
    expect(column('id')).toMatchObject({ isPrimary: true, generationStrategy: 'increment' })
    expect(column('location')).toMatchObject({ default: 'USA', isNullable: false, length: '50' })
    expect(column('seenAt')).toMatchObject({ isNullable: true })
    expect(column('token')).toMatchObject({ generationStrategy: 'uuid' })
    expect(column('createdAt')).toMatchObject({ isCreateDate: true })
    expect(column('updatedAt')).toMatchObject({ isUpdateDate: true })
    expect(column('deletedAt')).toMatchObject({ isDeleteDate: true, isNullable: true })
    expect(metadata?.indices.map(({ columns }) => columns.map(({ propertyName }) => propertyName).join()).sort()).toEqual([
      'deletedAt',
      'location',
    ])
    expect(metadata?.uniques.map(({ columns }) => columns.map(({ propertyName }) => propertyName).join())).toEqual(['name'])
  })

  it('are of one database: two in a process never see each other’s', () => {
    const [a, b] = [database(), database()]
    a.Model('User', { name: a.Column(a.Text) })
    b.Model('User', { email: b.Column(b.Text) })
    expect([tables(a), tables(b)]).toEqual([{ user: [...stamps, 'name'] }, { user: [...stamps, 'email'] }])
  })

  it('hold entities of plain TypeORM that are given, and no others', () => {
    class Given {
      declare id: number
    }
    class Other {
      declare id: number
    }
    for (const entity of [Given, Other]) {
      Entity()(entity)
      PrimaryColumn('integer')(entity.prototype, 'id')
    }
    expect(tables(new ActiveAlchemy('sqlite://', { models: [Given] }))).toEqual({ given: ['id'] })
    expect(tables(new ActiveAlchemy('sqlite://', { typeorm: { entities: [Other] } }))).toEqual({ other: ['id'] })
    expect(
      tables(
        new ActiveAlchemy('sqlite://', {
          typeorm: {
            entities: { Other },
            subscribers: [
              class {
                readonly listens = true
              },
            ].map((each) => (EventSubscriber()(each), each)),
          },
        }),
      ),
    ).toEqual({ other: ['id'] })
  })

  it('of a model stay the same object when its class is met, and when others are, so that what was compiled for it stays', () => {
    const db = database()
    class User extends db.Model('User', { name: db.Column(db.Text) }) {}
    const [before] = db.metadata
    class Post extends db.Model('Post', { title: db.Column(db.Text) }) {
      static relations = this.relate({ author: db.ManyToOne(() => User) })
    }
    expect(db.dataSource.getMetadata(User)).toBe(before)
    expect(before).toMatchObject({ target: User, name: 'User' })
    expect(db.dataSource.getMetadata(Post).relations[0]?.inverseEntityMetadata).toBe(before)
    expect(db.metadata.map(({ name }) => name)).toEqual(['User', 'Post'])
  })

  it('are built for what is new alone: a model that is met costs the same, however many there are', () => {
    const db = database()
    const models = Array.from({ length: 40 }, (_, n) => {
      class Each extends db.Model(`Each${n}`, { text: db.Column(db.Text) }) {}
      return Each
    })
    let built = 0
    const { driver } = db.dataSource
    const normalizeType = driver.normalizeType.bind(driver)
    driver.normalizeType = (column) => ((built += 1), normalizeType(column))
    expect(db.metadata).toHaveLength(40)
    const all = built
    for (const model of models) db.dataSource.getMetadata(model)
    expect(built).toBe(all)
    db.Model('Late', { text: db.Column(db.Text) })
    expect(db.metadata).toHaveLength(41)
    expect(built - all).toBeLessThanOrEqual((2 * all) / 40)
  })

  it('are built anew where a class that is met late changes the table of another', () => {
    const db = database()
    const Definition = db.Model('User', { name: db.Column(db.Text) })
    class User extends Definition {
      static override readonly primaryKey = ['id', 'name']
    }
    class Post extends db.Model('Post', { title: db.Column(db.Text) }) {
      static relations = this.relate({ author: db.ManyToOne(() => Definition) })
    }
    db.register(Post)
    expect(tables(db)['post']).toContain('author_id')
    db.register(User)
    expect(tables(db)['post']).toEqual([...stamps, 'title', 'author_id', 'author_name'])
  })

  it('grow with a model that is defined after they were first read', () => {
    const db = database()
    db.Model('User', { name: db.Column(db.Text) })
    expect(Object.keys(tables(db))).toEqual(['user'])
    db.Model('Post', { title: db.Column(db.Text) })
    expect(Object.keys(tables(db)).sort()).toEqual(['post', 'user'])
  })
})

describe('a model is refused', () => {
  it('when its class name looks minified, unless it names its table', () => {
    const db = database()
    const minified = class a extends db.Model {}
    expect(() => db.register(minified)).toThrow(ModelDefinitionError)
    expect(() => db.register(minified)).toThrow(/The model a cannot be used: its class name looks minified.*static tableName/)
    expect(() => db.register(class extends db.Model {})).toThrow('(anonymous)')
    class b extends db.Model {
      static override readonly tableName = 'bees'
    }
    db.register(b)
    expect(tables(db)).toEqual({ bees: stamps })
  })

  it('when the database has one of that name already', () => {
    const db = database()
    db.Model('User', { name: db.Column(db.Text) })
    expect(() => db.Model('User', { name: db.Column(db.Text) })).toThrow('this database has a model of that name already')
  })

  it.each(['save', 'update', 'delete', 'changes', 'toJSON', 'constructor'])('when a column has the name of the verb %s', (name) => {
    const db = database()
    expect(() => db.Model('User', { [name]: db.Column(db.Text) })).toThrow(
      `its column ${name} has the name of a verb. Name the property otherwise, with { name: '${name}' } for the column.`,
    )
  })

  it('when it has no key', () => {
    const db = database()
    db.BaseModel('Keyless', { name: db.Column(db.Text) })
    expect(() => db.metadata).toThrow('The model Keyless cannot be used: it has no key. Define a column with { primary: true }')
  })

  it('when a class field would erase the values of a column', () => {
    const db = database()
    const User = class extends db.Model('User', { name: db.Column(db.Text) }) {
      // What a compiler makes of a field without `declare`.
      constructor(values?: { name: string }) {
        super(values)
        Object.defineProperty(this, 'name', { value: undefined, writable: true, enumerable: true, configurable: true })
      }
    }
    for (let time = 0; time < 2; time += 1)
      expect(() => new User({ name: 'x' })).toThrow('its class field name erases the values of the column. Write: declare name: …')
  })
})

it('leaves a class that is no model of this database alone', () => {
  const [db, other] = [database(), database()]
  const Foreign = other.Model('Foreign', { name: other.Column(other.Text) })
  db.register(
    Foreign as never,
    class Nothing {
      readonly nothing = true
    } as never,
    db.Model,
  )
  expect(tables(db)).toEqual({})
})
