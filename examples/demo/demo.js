import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy } from '@active-alchemy/core'
import { ActiveAlchemy as ForExpress } from '@active-alchemy/express'
import { ActiveAlchemy as ForFastify } from '@active-alchemy/fastify'
import { ActiveAlchemy as ForKoa } from '@active-alchemy/koa'
import { ActiveAlchemy as ForNest } from '@active-alchemy/nest'
import { compare } from '../adopted/dist/storm/compare.js'
import { lieTable } from '../adopted/dist/storm/lie-table.js'
import { createApp as createExpressApp } from '../express/app.js'
import { createApp as createFastifyApp } from '../fastify/app.js'
import { createApp as createKoaApp } from '../koa/app.js'
import { createApp as createNestApp } from '../nest/dist/app.js'
import { authorise as authoriseCard } from '../shop/payment.js'
import { createShop, openShop } from '../shop/shop.js'
import { openBooks } from './books.js'
import { createHandWrittenApp, openDataSource } from './hand-written.js'
import { printTable } from './table.js'
import { visit } from './visit.js'

/** The frameworks that the shop runs on, one column each: its database, and what serves the shop on a free port of loopback. */
const frameworks = [
  { name: 'Express', Database: ForExpress, start: (shop, options) => listen(createExpressApp(shop, options)) },
  {
    name: 'Fastify',
    Database: ForFastify,
    start: async (shop, options) => listen((await createFastifyApp(shop, options).ready()).routing),
  },
  { name: 'Koa', Database: ForKoa, start: (shop, options) => listen(createKoaApp(shop, options).callback()) },
  {
    name: 'Nest',
    Database: ForNest,
    start: async (shop, options) => listen((await createNestApp(shop, options)).getHttpAdapter().getInstance()),
  },
]

/** Milliseconds that an order may stand in line for its turn to write: a slow machine is no fault of the shop. */
const patienceMs = 30_000

const products = Array.from({ length: 40 }, (_, index) => ({
  name: `Product ${index + 1}`,
  priceCents: 995 + index * 100,
  stock: index === 0 ? 20 : 150,
}))
const customers = ['Ada', 'Grace', 'Edsger'].map((name) => ({ name, email: `${name}@example.org` }))

/** A column of the table: the shop of Active-Alchemy on one framework. */
function activeAlchemy({ name, Database, start }) {
  return {
    name,
    async open(file, authorise) {
      const db = new Database(`sqlite:///${file}`, { poolTimeoutMs: patienceMs })
      const shop = createShop(db, { authorise })
      await openShop(shop, products, customers)
      // What is reported and logged is expected here: the answers are what counts.
      const server = await start(shop, { report: () => undefined, logError: () => undefined })
      return {
        url: server.url,
        busyConnections: () => db.dataSource.driver.pool.leased,
        async close() {
          await server.close()
          await db.close()
        },
      }
    },
  }
}

/** What stands beside them: plain TypeORM, the transaction of each request written by hand. */
const handWritten = {
  name: 'by hand, on Express',
  async open(file, authorise) {
    await fillTables(file)
    const dataSource = await openDataSource(file)
    const server = await listen(createHandWrittenApp(dataSource, { authorise, logError: () => undefined }))
    return {
      url: server.url,
      // TypeORM has one connection to an SQLite file, for all requests.
      busyConnections: () => (dataSource.driver.databaseConnection.inTransaction ? 1 : 0),
      async close() {
        await server.close()
        await dataSource.destroy()
      },
    }
  },
}

/** The same tables with the same rows. */
async function fillTables(file) {
  const db = new ActiveAlchemy(`sqlite:///${file}`)
  await openShop(createShop(db), products, customers)
  await db.close()
}

async function listen(app) {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function run({ name, open }, folder) {
  const file = join(folder, `${name}.db`)
  const halfWay = new Map()
  const server = await open(file, async (payment) => {
    halfWay.get(payment.reference)?.()
    // A provider takes now longer, now shorter.
    await sleep(Math.random() * 5)
    await authoriseCard(payment)
  })
  const books = openBooks(file)
  try {
    return { name, rows: await visit(server, books, halfWay) }
  } finally {
    books.close()
    await server.close()
  }
}

const folder = mkdtempSync(join(tmpdir(), 'active-alchemy-demo-'))
const cleanUp = () => rmSync(folder, { recursive: true, force: true })

// Whatever hangs, the demo ends, and leaves nothing behind.
const limit = setTimeout(() => {
  console.error('The demo took longer than two minutes and was stopped.')
  cleanUp()
  process.exit(1)
}, 120_000)

try {
  const ours = []
  for (const framework of frameworks) ours.push(await run(activeAlchemy(framework), folder))
  const byHand = await run(handWritten, folder)
  console.log(
    '\nA small shop on embedded SQLite, driven over HTTP: with Active-Alchemy on each framework, and with a transaction\nmiddleware written by hand. ✗ marks what must not happen.',
  )
  printTable(ours, byHand)
  console.log(`All get the same requests. The middleware written by hand commits when the answer has left, and TypeORM has one connection
to an SQLite file: transactions of requests that overlap are nested in each other, and undo each other's work.
`)
  const lies = await compare(undefined, { requests: 60 })
  console.log(`Another application, as one finds it: a bank on Nest and plain TypeORM (examples/adopted), in a storm of 60 requests.
How often it says what is not so, before and after the line that adopts it, and once its mails wait for the commit:`)
  console.log(lieTable(lies))
  const failed = ours.filter(({ rows }) => rows.some(({ ok }) => !ok))
  for (const { name } of failed) console.error(`${name}: a check failed.`)
  const isHonest = Object.values(lies.mails).every((times) => times === 0)
  if (!isHonest) console.error('The bank has lied.')
  process.exitCode = failed.length === 0 && isHonest ? 0 : 1
} finally {
  clearTimeout(limit)
  cleanUp()
}
