// An application whose handlers write after their answers, and await none of it: what it prints is what its operator hears.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy } from '@active-alchemy/express'
import express from 'express'

const db = new ActiveAlchemy('sqlite://')
class Note extends db.Model('Note', { text: db.Column(db.String(9)) }) {}
await db.createAll()

const app = express().use(db.middleware())
app.get('/at-once', (_req, res) => {
  res.json({})
  void Note.create({ text: 'late' })
})
app.get('/timer', async (_req, res) => {
  await Note.create({ text: 'kept' })
  setTimeout(() => void Note.create({ text: 'timer' }), 20)
  res.json({})
})
app.get('/log', (_req, res) => {
  res.once('finish', () => void Note.create({ text: 'log' }))
  res.json({})
})
app.use(db.errorHandler())

const server = app.listen(0)
await once(server, 'listening')
const { port } = server.address()
for (const path of ['at-once', 'timer', 'log']) await fetch(`http://127.0.0.1:${port}/${path}`)
await sleep(200)
console.log(JSON.stringify((await Note.query().all()).map(({ text }) => text)))
process.exit()
