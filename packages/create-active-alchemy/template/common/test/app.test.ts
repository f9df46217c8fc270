import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { db, Project } from '../src/models/index.js'
import { settings } from '../src/settings.js'
import { start } from '../src/start.js'

let server: Awaited<ReturnType<typeof start>>
let box: Awaited<ReturnType<typeof db.sandbox>>

before(async () => {
  await db.utils.createDatabase(settings.databaseUrl)
  await db.migrate()
  server = await start(0)
})
after(() => server.stop())

// What a test writes, also by a request, is undone at its end.
beforeEach(async () => {
  box = await db.sandbox()
})
afterEach(() => box.rollback())

async function send(method: string, path: string, body?: string | object) {
  const response = await fetch(`http://localhost:${server.port}${path}`, {
    method,
    headers: { ...box.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: typeof body === 'object' ? JSON.stringify(body) : body,
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

test('a project has tasks', async () => {
  const project = await send('POST', '/projects', { name: 'Garden' })
  assert.equal(project.status, 201)
  const task = await send('POST', `/projects/${project.body.id}/tasks`, { title: 'Water the roses' })
  assert.equal(task.status, 201)
  assert.equal((await send('PATCH', `/tasks/${task.body.id}`, { isDone: true })).status, 200)
  const { body } = await send('GET', `/projects/${project.body.id}`)
  assert.equal(body.name, 'Garden')
  assert.deepEqual(
    body.tasks.map(({ title, isDone }: { title: string; isDone: boolean }) => [title, isDone]),
    [['Water the roses', true]],
  )
  assert.equal((await send('DELETE', `/tasks/${task.body.id}`)).status, 204)
  assert.equal((await send('GET', `/projects/${project.body.id}`)).body.tasks.length, 0)
})

test('projects come in pages', async () => {
  await Project.createMany(Array.from({ length: 25 }, (_, index) => ({ name: `Project ${index + 1}` })))
  const { body } = await send('GET', '/projects?page=2')
  assert.equal(body.meta.total, 25)
  assert.equal(body.items.length, 5)
})

test('what cannot be done is answered as JSON, and nothing of it stays', async () => {
  const missing = await send('GET', '/projects/7000000')
  assert.deepEqual([missing.status, missing.body.code], [404, 'RECORD_NOT_FOUND'])
  const empty = await send('POST', '/projects', { name: '' })
  assert.deepEqual([empty.status, empty.body.code], [422, 'INVALID_VALUE'])
  const unknown = await send('POST', '/projects', { name: 'Garden', isAdmin: true })
  assert.deepEqual([unknown.status, unknown.body.code], [422, 'UNKNOWN_COLUMN'])
  assert.equal((await send('POST', '/projects', '{')).status, 400)
  assert.equal((await send('GET', '/nowhere')).status, 404)
  assert.equal(await Project.count(), 0)
})

test('the health route asks the database', async () => {
  const { status, body } = await send('GET', '/health')
  assert.deepEqual([status, body.ok], [200, true])
})
