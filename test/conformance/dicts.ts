import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** A record as a dictionary: what is chosen, left out and included. */
export function dictRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('toDict gives the columns that are named, leaves out others, and includes what the class computes', async ({ db }) => {
    class Member extends db.Model('Member', {
      first: db.Column(db.String(20)),
      last: db.Column(db.String(20)),
      secret: db.Column(db.String(20), { hidden: true, default: 'hush' }),
    }) {
      static relations = this.relate({ posts: db.OneToMany(() => Note, 'author') })
      declare posts: Note[]
      get full(): string {
        return `${this.first} ${this.last}`
      }
      shout(): string {
        return this.full.toUpperCase()
      }
    }
    class Note extends db.Model('Note', { text: db.Column(db.String(20)) }) {
      static relations = this.relate({ author: db.ManyToOne(() => Member, 'posts') })
      declare author?: Member
    }
    await db.createAll()
    const member = await Member.create({ first: 'Ada', last: 'Lovelace' })
    const note = await Note.create({ text: 'a', author: member })
    expect(member.toDict({ only: ['last', 'id'] })).toEqual({ last: 'Lovelace', id: member.id })
    expect(Object.keys(member.toDict({ except: ['createdAt', 'updatedAt', 'deletedAt', 'isDeleted'] })).sort()).toEqual([
      'first',
      'id',
      'last',
    ])
    expect(member.toDict({ only: ['first', 'last'], except: ['last'], include: ['full'] })).toEqual({ first: 'Ada', full: 'Ada Lovelace' })
    expect(await Member.get(member.id).toDict({ only: ['first'], include: ['full', 'isNew'] })).toEqual({
      first: 'Ada',
      full: 'Ada Lovelace',
      isNew: false,
    })
    const loaded = await Member.getOrError(member.id, { with: ['posts'] })
    expect(loaded.toDict({ only: ['id'], include: ['posts'] })).toMatchObject({
      id: member.id,
      posts: [{ text: 'a', authorId: member.id }],
    })
    expect((await Note.getOrError(note.id)).toDict({ only: ['authorId'] })).toEqual({ authorId: member.id })

    const refused = (names: object, message: RegExp): void =>
      expect(() => loaded.toDict(names as never)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', status: 400, message: expect.stringMatching(message) as string }) as Error,
      )
    refused({ only: ['secret'] }, /only of toDict.*names of .*first/)
    refused({ only: ['nope'] }, /only/)
    refused({ except: ['nope'] }, /except/)
    refused({ include: ['secret'] }, /include/)
    refused({ include: ['first'] }, /include/)
    refused({ include: ['shout'] }, /include/)
    refused({ include: ['constructor'] }, /include/)
    refused({ include: ['__proto__'] }, /include/)
    refused({ only: 'first' }, /only.*list of names/)
    expect(() => member.toDict({ hide: ['first'] } as never)).toThrow('The option hide of toDict() is unknown')
    const bare = await Member.getOrError(member.id)
    expect(() => bare.toDict({ include: ['posts'] })).toThrow(/relations that are loaded: call load\(\)/)
    await expect(Member.get(4711).toDict({ only: ['first'] })).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' })
  })
}
