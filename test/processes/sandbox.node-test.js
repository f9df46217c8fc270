import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { ActiveAlchemy } from '@active-alchemy/fastify'
import fastify from 'fastify'

// A file of tests as an application has it, run by Node's own runner.
const db = new ActiveAlchemy(process.env.SHOP_URI)
class Note extends db.Model('Note', { text: db.Column(db.String(20)) }) {}

const app = fastify()
await app.register(db.plugin())
app.post('/notes', async (request, reply) => {
  const note = await Note.create({ text: request.body.text })
  return reply.status(request.body.text === 'refused' ? 422 : 201).send(note)
})

let box
before(async () => {
  await db.createAll()
})
beforeEach(async () => {
  box = await db.sandbox()
})
afterEach(() => box.rollback())
after(async () => {
  assert.equal(await Note.count(), 0)
  await app.close()
  await db.close()
})

for (const text of ['first', 'second']) {
  void test(`keeps the ${text} by inject, and finds nothing of the other test`, async () => {
    const answer = await app.inject({ method: 'POST', url: '/notes', payload: { text } })
    assert.equal(answer.statusCode, 201)
    assert.equal((await app.inject({ method: 'POST', url: '/notes', payload: { text: 'refused' } })).statusCode, 422)
    assert.deepEqual(
      (await Note.query().all()).map((note) => note.text),
      [text],
    )
  })
}
