import { ActiveAlchemy } from '@active-alchemy/fastify'
import { sampleCustomers, sampleProducts } from '../shop/samples.js'
import { createShop, openShop } from '../shop/shop.js'
import { createApp } from './app.js'

const { DATABASE_URL = 'sqlite:///shop.db', PORT = '3000' } = process.env

const db = new ActiveAlchemy(DATABASE_URL, { name: 'shop' })
const shop = createShop(db)
await openShop(shop, sampleProducts, sampleCustomers)

const app = createApp(shop)
await app.listen({ port: Number(PORT) })
console.log(`The shop is open: http://localhost:${app.server.address().port}`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void app.close().then(() => db.close()))
}
