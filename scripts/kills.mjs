// Kills database backends under load, and prints what came of it: `npm run kills [-- --kills 500] [postgres] [mariadb]`.
// It exits with 1 when a process died, a rejection was nobody's, a connection leaked, the pool is not whole, or an answer lied.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const poolSize = 8
const clients = 20
const limitMs = 300_000
const self = fileURLToPath(import.meta.url)

/** What differs between the servers: how one is asked, and how a backend is found and killed. */
const servers = {
  async postgres() {
    const url = process.env['ALCHEMY_PG_URL'] ?? 'postgresql://postgres@127.0.0.1:5432/postgres'
    const { default: pg } = await import('pg')
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    return {
      url,
      ask: async (sql) => (await client.query(sql)).rows,
      end: () => client.end(),
      backends: (name) => `select pid as id from pg_stat_activity where datname = '${name}' order by random()`,
      kill: (id) => `select pg_terminate_backend(${id})`,
    }
  },
  async mariadb() {
    const url = process.env['ALCHEMY_MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3306/'
    const { createConnection } = await import('mysql2/promise')
    const client = await createConnection(url)
    return {
      url,
      ask: async (sql) => (await client.query(sql))[0],
      end: () => client.end(),
      backends: (name) => `select id from information_schema.processlist where db = '${name}' order by rand()`,
      kill: (id) => `kill ${id}`,
    }
  },
}

/** The application: a process of its own, so that its death is seen. */
async function application(uri) {
  const nobodys = []
  process.on('unhandledRejection', (reason) => nobodys.push(String(reason)))
  process.on('uncaughtException', (error) => nobodys.push(String(error)))
  const { ActiveAlchemy } = await import('@active-alchemy/express')
  const { default: express } = await import('express')
  const db = new ActiveAlchemy(uri, { poolSize, poolTimeoutMs: 10_000, name: 'kills' })
  class Note extends db.Model('Note', { name: db.Column(db.String(40)), n: db.Column(db.Integer, { default: 0 }) }) {}
  await db.createAll()
  const pause = db.dataSource.driver.kind === 'postgres' ? 'select pg_sleep(0.001)' : 'select sleep(0.001)'
  const connection =
    db.dataSource.driver.kind === 'postgres' ? 'select pg_backend_pid() as id, pg_sleep(0.2)' : 'select connection_id() as id, sleep(0.2)'
  const app = express()
  app.use(db.middleware({ report: () => undefined }))
  app.post('/notes/:name', async (req, res) => {
    await Note.count()
    const note = await Note.create({ name: req.params.name })
    await db.transaction(() => note.increment('n', 1))
    await db.dataSource.query(pause)
    await note.update({ n: note.n + 1 })
    res.json({ id: note.id })
  })
  app.use(db.errorHandler())
  app.use((error, _req, res, next) => {
    if (res.headersSent) next(error)
    else res.status(error.status ?? 500).json({ code: (error.code === 'SESSION_FAILED' ? error.cause : error)?.code })
  })
  const server = app.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }))
  await once(process, 'message')
  const deadline = Date.now() + 10_000
  while (db.dataSource.driver.pool.leased > 0 && Date.now() < deadline) await sleep(20)
  const { leased, waiting } = db.dataSource.driver.pool
  const all = await Promise.all(Array.from({ length: poolSize }, () => db.dataSource.query(connection)))
  const notes = await Note.query('name', 'n').all()
  process.send?.({ nobodys, leaked: leased + waiting, full: new Set(all.map(([row]) => String(row.id))).size, notes })
  server.close()
  server.closeAllConnections()
  await db.close()
  process.disconnect()
}

/** Sends requests until `isOver`, and sorts their names by what was answered. */
async function load(url, isOver, told) {
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let turn = 0; !isOver(); turn++) {
        const name = `${client}-${turn}`
        try {
          const answer = await fetch(`${url}/notes/${name}`, { method: 'POST' })
          const { code } = await answer.json()
          told.push({ name, outcome: answer.ok ? 'kept' : code === 'COMMIT_UNKNOWN' ? 'unknown' : 'refused', code })
        } catch {
          told.push({ name, outcome: 'unknown', code: 'NO_ANSWER' })
        }
      }
    }),
  )
}

async function storm(kind, wanted) {
  const server = await servers[kind]()
  const name = `aa_kills_${process.pid}`
  await server.ask(`create database ${name}`)
  const uri = new URL(server.url)
  uri.pathname = name
  let deaths = 0
  const child = fork(self, ['--application', uri.href])
  const exit = once(child, 'exit')
  void exit.then(([code]) => (deaths += code === 0 ? 0 : 1))
  try {
    const [{ port }] = await once(child, 'message')
    const told = []
    let kills = 0
    const deadline = Date.now() + limitMs
    const isOver = () => kills >= wanted || deaths > 0 || Date.now() > deadline
    const killing = async () => {
      while (!isOver()) {
        const [victim] = await server.ask(server.backends(name))
        if (victim)
          kills += await server.ask(server.kill(victim.id)).then(
            () => 1,
            () => 0,
          )
        await sleep(10)
      }
    }
    await Promise.all([load(`http://127.0.0.1:${port}`, isOver, told), killing()])
    child.send('end')
    const report = await Promise.race([once(child, 'message').then(([message]) => message), exit.then(() => undefined)])
    await exit
    const { nobodys = [], leaked = 0, full = 0, notes = [] } = report ?? {}
    await sleep(100)
    const open = (await server.ask(server.backends(name))).length
    const kept = new Map(notes.map((note) => [note.name, note.n]))
    const lies = told.filter(
      ({ name: each, outcome }) => (outcome === 'kept' && kept.get(each) !== 2) || (outcome === 'refused' && kept.has(each)),
    )
    const torn = notes.filter(({ n }) => n !== 2)
    const count = (outcome) => told.filter((each) => each.outcome === outcome).length
    console.log(
      `${kind}: ${kills} backends killed under ${told.length} requests (${count('kept')} kept, ${count('refused')} refused, ${count('unknown')} unknown)`,
    )
    const figures = {
      'process deaths': deaths,
      'unhandled rejections': nobodys.length,
      'leaked connections': leaked + open,
      'answers that lied': lies.length,
      'rows half written': torn.length,
      'connections missing in the pool': poolSize - full,
      'kills missing': Math.max(0, wanted - kills),
    }
    for (const [what, figure] of Object.entries(figures)) console.log(`  ${what}: ${figure}`)
    if (nobodys.length > 0) console.log(nobodys.slice(0, 5).join('\n'))
    return Object.values(figures).every((figure) => figure === 0)
  } finally {
    if (child.exitCode === null) child.kill()
    await server.ask(`drop database ${name}`)
    await server.end()
  }
}

const { values, positionals } = parseArgs({
  options: { kills: { type: 'string', default: '500' }, application: { type: 'string' } },
  allowPositionals: true,
})
if (values.application) await application(values.application)
else {
  const kinds = positionals.length > 0 ? positionals : Object.keys(servers)
  const results = []
  for (const kind of kinds) results.push(await storm(kind, Number(values.kills)))
  process.exitCode = results.every(Boolean) ? 0 : 1
}
