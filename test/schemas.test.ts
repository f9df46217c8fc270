import { ActiveAlchemy } from '@active-alchemy/fastify'
import { ActiveAlchemy as NestAlchemy, AlchemyModule } from '@active-alchemy/nest'
import { Body, Controller, Post, StandardSchemaValidationPipe } from '@nestjs/common'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fastify from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { asJson } from './conformance/world.ts'
import type { FreshDatabase } from './databases/database.ts'
import { sqliteFile } from './databases/sqlite.ts'
import { create, listen, platforms } from './nest/application.ts'

function models(db: ActiveAlchemy | NestAlchemy) {
  class Club extends db.Model('Club', { name: db.Column(db.String(20)) }) {
    static relations = this.relate({ members: db.OneToMany(() => Member, 'club') })
    declare members?: Member[]
  }
  class Member extends db.Model(
    'Member',
    {
      name: db.Column(db.String(25), { length: { min: 2 }, pattern: /^[A-Z]/ }),
      age: db.Column(db.Integer, { min: 18, default: 18 }),
      fee: db.Column(db.Numeric(10, 2), { nullable: true }),
      big: db.Column(db.BigInteger, { default: 1n }),
      born: db.Column(db.Date, { nullable: true }),
      seen: db.Column(db.DateTime, { default: () => db.utcnow() }),
      tags: db.Column(db.JSONType<string[]>(), { nullable: true, length: { max: 2 } }),
      password: db.Column(db.String(40), { hidden: true, length: { min: 8 } }),
      role: db.Column(db.String(10), { default: 'user', check: (role) => role !== 'root' }),
      notes: db.Column(db.Text, { nullable: true, hidden: true }),
      email: db.Column(db.EmailType(80), { nullable: true, length: { min: 8 } }),
      state: db.Column(db.ChoiceType(['new', 'old']), { default: 'new' }),
      group: db.Column(db.ChoiceType(['a', 'b']), { nullable: true }),
    },
    {
      guarded: ['role', 'notes'],
      check: (member) => member.password !== member.name || { password: 'must not be the name' },
    },
  ) {
    static relations = this.relate({ club: db.ManyToOne(() => Club, 'members', { nullable: true }) })
    declare club?: Club | null
  }
  return { Club, Member }
}

describe('a model as a schema', () => {
  let fresh: FreshDatabase
  const opened: { close(): Promise<unknown> }[] = []
  beforeEach(async () => {
    fresh = await sqliteFile.create()
  })
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
    await fresh.drop()
  })
  const opening = async <Db extends ActiveAlchemy | NestAlchemy>(db: Db): Promise<Db & ReturnType<typeof models>> => {
    opened.push(db)
    const made = models(db)
    await db.createAll()
    return Object.assign(db, made)
  }
  const good = { name: 'Ada', password: 'long enough', fee: '1.50', tags: ['a'] }

  it('validates what create takes, all that is wrong at once with its path, and sends nothing', async () => {
    const { Member } = await opening(new ActiveAlchemy(fresh.uri))
    const standard = Member['~standard']
    expect(standard).toMatchObject({ version: 1, vendor: 'active-alchemy' })
    expect(await standard.validate({ ...good, fee: 1.5 })).toEqual({ value: good })
    expect(await standard.validate({ name: 5, id: 7, nope: 1, password: 'short', role: 'admin', tags: [1, 2, 3] })).toEqual({
      issues: [
        { message: expect.stringContaining('takes a string') as string, path: ['name'] },
        { message: expect.stringContaining('cannot be set') as string, path: ['id'] },
        { message: expect.stringContaining('has no column nope') as string, path: ['nope'] },
        { message: expect.stringContaining('guarded') as string, path: ['role'] },
        { message: 'must have at most 2 items', path: ['tags'] },
        { message: 'must have at least 8 characters', path: ['password'] },
      ],
    })
    expect(await standard.validate({})).toEqual({
      issues: [
        { message: 'has no value and no default', path: ['name'] },
        // Who has not named a hidden column is not told of it.
        { message: 'has no value and no default', path: [] },
      ],
    })
    expect(await standard.validate({ name: 'Longenough', password: 'Longenough' })).toEqual({
      issues: [{ message: 'must not be the name', path: ['password'] }],
    })
    for (const value of [null, undefined, 'a', [good]]) {
      expect(await standard.validate(value)).toEqual({ issues: [{ message: 'takes an object of values by column', path: [] }] })
    }
    expect(await Member.count()).toBe(0)
    const result = await standard.validate(good)
    if (result.issues) throw new Error('It is good')
    await Member.create(result.value)
  })

  it('says of JSON what may be set and what a row has, without what is hidden, guarded and generated', async () => {
    const { Member } = await opening(new ActiveAlchemy(fresh.uri))
    expect(Member.jsonSchema({ for: 'create' })).toEqual({
      title: 'MemberCreate',
      type: 'object',
      properties: {
        name: { type: 'string', minLength: 2, maxLength: 25, pattern: '^[A-Z]' },
        age: { type: 'integer', minimum: 18, maximum: 2_147_483_647, default: 18 },
        fee: { anyOf: [{ type: 'string', pattern: '^-?\\d+(\\.\\d+)?$' }, { type: 'number' }, { type: 'null' }] },
        big: { type: 'integer' },
        born: { type: ['string', 'null'], format: 'date' },
        seen: { type: 'string', format: 'date-time' },
        tags: { type: ['array', 'null'], maxItems: 2 },
        password: { type: 'string', minLength: 8, maxLength: 40, writeOnly: true },
        email: { type: ['string', 'null'], format: 'email', minLength: 8, maxLength: 80 },
        state: { type: 'string', enum: ['new', 'old'], default: 'new' },
        group: { type: ['string', 'null'], enum: ['a', 'b', null] },
      },
      required: ['name', 'password'],
      additionalProperties: false,
    })
    const update = Member.jsonSchema({ for: 'update' })
    expect(update).not.toHaveProperty('required')
    expect(JSON.stringify(update)).not.toContain('default')
    const row = Member.jsonSchema()
    expect(row).toEqual(Member.jsonSchema({ for: 'row' }))
    expect(row['required']).toEqual(
      [
        'id',
        'createdAt',
        'updatedAt',
        'isDeleted',
        'deletedAt',
        'name',
        'age',
        'fee',
        'big',
        'born',
        'seen',
        'tags',
        'role',
        'email',
        'state',
        'group',
      ].sort(
        (one, other) => Object.keys(row['properties'] as object).indexOf(one) - Object.keys(row['properties'] as object).indexOf(other),
      ),
    )
    expect(row).toMatchObject({
      title: 'Member',
      properties: {
        id: { type: 'integer' },
        fee: { type: ['string', 'null'] },
        big: { type: 'string' },
        deletedAt: { type: ['string', 'null'], format: 'date-time' },
        clubId: { type: ['integer', 'null'] },
      },
    })
    expect(JSON.stringify(row)).not.toMatch(/password|notes/)
    expect(Member.jsonSchema({ with: ['club'] })['properties']).toMatchObject({
      club: { anyOf: [{ title: 'Club', properties: { name: { type: 'string' } } }, { type: 'null' }] },
    })
    expect(() => Member.jsonSchema({ with: ['nope' as never] })).toThrow('it is no relation. It has club')
    expect(() => Member.jsonSchema({ for: 'create', with: ['club'] })).toThrow("nothing but for 'row'")
    // @ts-expect-error there is no such JSON
    expect(() => Member.jsonSchema({ for: 'delete' })).toThrow("'create', 'update' or 'row'")
  })

  it('is a schema of draft 2020-12 that takes what the model gives and what it takes', async () => {
    const { Member, Club } = await opening(new ActiveAlchemy(fresh.uri))
    const ajv = new Ajv2020({ strict: true, strictTypes: true, allErrors: true })
    formats.default(ajv)
    const [row, create, update] = (['row', 'create', 'update'] as const).map((use) => ajv.compile(Member.jsonSchema({ for: use })))
    const member = await Member.create({ ...good, born: '1915-12-10', club: await Club.create({ name: 'x' }) })
    for (const record of [member, await Member.getOrError(member.id)]) {
      const { club: _club, ...json } = record.toJSON()
      expect([row?.(JSON.parse(JSON.stringify(json))), row?.errors]).toEqual([true, null])
    }
    expect([create?.({ ...good, fee: 1.5, seen: '2026-01-01T00:00:00Z', big: 5 }), create?.errors]).toEqual([true, null])
    for (const wrong of [{ ...good, role: 'x' }, { ...good, id: 1 }, { name: 'Ada' }, { ...good, age: 17 }, { ...good, name: null }])
      expect([wrong, create?.(wrong)]).toEqual([wrong, false])
    expect(update?.({ name: 'Bob', fee: null })).toBe(true)
  })

  it('Fastify validates and serialises by it', async () => {
    const db = await opening(new ActiveAlchemy(fresh.uri))
    const { Member } = db
    const app = fastify()
    opened.unshift(app)
    await app.register(db.plugin({ json: true }))
    app.post('/members', { schema: { body: Member.jsonSchema({ for: 'create' }), response: { 200: Member.jsonSchema() } } }, ({ body }) =>
      Member.create(body as typeof good),
    )
    app.patch(
      '/members/:id',
      { schema: { body: Member.jsonSchema({ for: 'update' }), response: { 200: Member.jsonSchema() } } },
      async (request) => (await Member.getOrError((request.params as { id: string }).id)).update(request.body as object),
    )
    app.get('/clubs/:id', { schema: { response: { 200: db.Club.jsonSchema({ with: ['members.club'] }) } } }, async (request) =>
      db.Club.getOrError((request.params as { id: string }).id, { with: ['members.club'] }),
    )
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const send = async (method: string, path: string, body: object): Promise<[number, Record<string, unknown>]> => {
      const answer = await fetch(url + path, { method, headers: asJson, body: JSON.stringify(body) })
      return [answer.status, (await answer.json()) as Record<string, unknown>]
    }
    const [status, made] = await send('POST', '/members', good)
    expect([status, made]).toMatchObject([
      200,
      { id: 1, name: 'Ada', age: 18, fee: '1.50', big: '1', tags: ['a'], deletedAt: null, clubId: null },
    ])
    expect(made['createdAt']).toMatch(/^\d{4}-.*Z$/)
    expect(made).not.toHaveProperty('password')
    expect(await send('POST', '/members', { ...good, name: 'a' })).toMatchObject([
      400,
      { message: expect.stringContaining('/name') as string },
    ])
    expect(await send('POST', '/members', { name: 'Ada' })).toMatchObject([400, { message: expect.stringContaining('password') as string }])
    expect(await send('PATCH', '/members/1', { fee: null, age: 20 })).toMatchObject([200, { fee: null, age: 20, name: 'Ada' }])
    expect(await send('PATCH', '/members/1', { age: 3 })).toMatchObject([400, {}])
    const club = await db.Club.create({ name: 'Analysts' })
    await (await Member.getOrError(1)).update({ club })
    const answer = await fetch(`${url}/clubs/${club.id}`)
    expect(await answer.json()).toMatchObject({ name: 'Analysts', members: [{ name: 'Ada', fee: null, clubId: club.id }] })
    // What the schema cannot say the model does.
    expect(await send('POST', '/members', { ...good, name: 'Longenough', password: 'Longenough' })).toMatchObject([
      422,
      { errors: [{ column: 'password', code: 'check' }] },
    ])
  })

  it.each(platforms)('a pipe of Nest takes the class itself: %s', async (platform) => {
    const db = await opening(new NestAlchemy(fresh.uri))
    const { Member } = db
    @Controller()
    class Members {
      @Post('members')
      create(@Body({ schema: Member, pipes: [new StandardSchemaValidationPipe()] }) body: typeof good) {
        return Member.create(body)
      }
    }
    const app = await create(platform, { imports: [AlchemyModule.forRoot({ db, close: false })], controllers: [Members] })
    opened.unshift(app)
    const url = await listen(app)
    const send = async (body: object): Promise<[number, unknown]> => {
      const answer = await fetch(`${url}/members`, { method: 'POST', headers: asJson, body: JSON.stringify(body) })
      return [answer.status, await answer.json()]
    }
    expect(await send(good)).toMatchObject([201, { name: 'Ada', fee: '1.50' }])
    expect(await send({ name: 'a', role: 'x', password: 'short' })).toMatchObject([
      400,
      {
        message: [
          expect.stringMatching(/^role: /) as string,
          'name: must have at least 2 characters',
          'name: must match /^[A-Z]/',
          'password: must have at least 8 characters',
        ],
      },
    ])
    expect(await Member.count()).toBe(1)
  })
})
