import { describe, expect, it } from 'vitest'
import { InvalidOptionError, ModelDefinitionError } from '../src/errors.js'
import { column, ownColumns } from '../src/mapping/column.js'
import { ManyToMany, ManyToOne, OneToMany, OneToOne, ownRelations } from '../src/mapping/relation.js'
import { Integer, String } from '../src/types/index.js'

/** A class that counts how often a decorator has told it to register. */
function ownerClass(): { new (): { name: string }; register(): void; registered: number } {
  return class {
    declare name: string
    static registered = 0
    static register(): void {
      this.registered += 1
    }
  }
}

describe('a column', () => {
  it('carries its type and its options', () => {
    const definition = column(String(25), { default: 'USA', nullable: true, hidden: true })
    expect([definition.type.typeName, definition.options]).toEqual(['String(25)', { default: 'USA', nullable: true, hidden: true }])
    expect(column(Integer).options).toEqual({})
  })

  it('takes a type that is called and one that is not', () => {
    expect([column(String).type, column(Integer).type]).toEqual([String, Integer])
  })

  it.each([undefined, null, 'string', 42, {}, () => 'string'])('refuses the type %o', (type) => {
    expect(() => column(type as never)).toThrow(InvalidOptionError)
    expect(() => column(type as never)).toThrow('It takes a data type like db.String(25)')
  })

  it('refuses an unknown option, and lists those it knows', () => {
    expect(() => column(Integer, { nulable: true } as never)).toThrow(
      /The option nulable of db.Column\(\) is unknown. Did you mean nullable\?.* nullable, unique, index/,
    )
  })

  it('has a default of the application or of the database, never both', () => {
    expect(() => column(Integer, { default: 1, serverDefault: '1' })).toThrow('either default or serverDefault')
    expect(() => column(Integer, { default: null, serverDefault: '1' })).toThrow(InvalidOptionError)
    expect(() => column(Integer, { serverDefault: '1' })).not.toThrow()
  })
})

describe('a column as a decorator', () => {
  it('is noted on the class itself, which registers', () => {
    const Owner = ownerClass()
    class Heir extends Owner {}
    const definition = column(String(25))
    definition(Heir.prototype, 'name')
    expect([...ownColumns(Heir)]).toEqual([['name', definition]])
    expect([...ownColumns(Owner)]).toEqual([])
    expect(Heir.registered).toBe(1)
  })

  it('is noted on a class of plain TypeORM, whose metadata will ask for it', () => {
    class Plain {
      declare age: number
    }
    const definition = column(Integer)
    definition(Plain.prototype, 'age')
    expect([...ownColumns(Plain)]).toEqual([['age', definition]])
  })

  it('says what to set when decorators are compiled the standard way', () => {
    const standard = column(Integer) as unknown as (target: undefined, context: object) => void
    expect(() => standard(undefined, { kind: 'field', name: 'age' })).toThrow(ModelDefinitionError)
    expect(() => standard(undefined, { kind: 'field', name: 'age' })).toThrow('"experimentalDecorators": true')
  })

  it('compiled the standard way gives a message that names the column', () => {
    const standard = column(Integer) as unknown as (target: undefined, context: object) => void
    expect(() => standard(undefined, { kind: 'field', name: 'age' })).toThrow('The model with the column age cannot be used')
  })
})

describe('a relation', () => {
  class User {
    declare id: number
    declare posts: object[]
  }
  const related = (): typeof User => User

  it.each([
    ['many-to-one', ManyToOne(related, 'posts')],
    ['one-to-many', OneToMany(related, 'posts')],
    ['one-to-one', OneToOne(related, 'posts')],
    ['many-to-many', ManyToMany(related, 'posts')],
  ] as const)('%s knows the model it leads to, when it is asked, and the property that leads back', (kind, relation) => {
    expect(relation).toBeInstanceOf(Function)
    expect([relation.kind, relation.related(), relation.inverse, relation.options]).toEqual([kind, User, 'posts', {}])
  })

  it('takes options after the inverse, or in its place', () => {
    expect(ManyToOne(related, 'posts', { nullable: false }).options).toEqual({ nullable: false })
    const alone = OneToOne(related, { joinColumn: true })
    expect([alone.inverse, alone.options]).toEqual([undefined, { joinColumn: true }])
    expect(ManyToMany(related).options).toEqual({})
  })

  it('as a decorator is noted on the class itself, which registers', () => {
    const Owner = ownerClass()
    const relation = ManyToOne(related)
    relation(Owner.prototype, 'author')
    expect([...ownRelations(Owner)]).toEqual([['author', relation]])
    expect(Owner.registered).toBe(1)
  })

  it('as a decorator takes a class that does not register, as a plain TypeORM entity', () => {
    class Plain {
      declare posts: object[]
    }
    OneToMany(related, 'posts')(Plain.prototype, 'posts')
    expect(ownRelations(Plain).has('posts')).toBe(true)
  })
})
