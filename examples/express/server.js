import { ActiveAlchemy } from '@active-alchemy/express'
import { sampleCustomers, sampleProducts } from '../shop/samples.js'
import { createShop, openShop } from '../shop/shop.js'
import { createApp } from './app.js'

const { DATABASE_URL = 'sqlite:///shop.db', PORT = '3000' } = process.env

const db = new ActiveAlchemy(DATABASE_URL, { name: 'shop' })
const shop = createShop(db)
await openShop(shop, sampleProducts, sampleCustomers)

const server = createApp(shop).listen(Number(PORT), (error) => {
  if (error) throw error
  console.log(`The shop is open: http://localhost:${server.address().port}`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => void db.close())
    server.closeIdleConnections()
  })
}
