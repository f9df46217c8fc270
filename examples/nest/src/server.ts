import { ActiveAlchemy } from '@active-alchemy/nest'
import { sampleCustomers, sampleProducts } from '../../shop/samples.js'
import { createShop, openShop } from '../../shop/shop.js'
import { createApp } from './app.js'

const { DATABASE_URL = 'sqlite:///shop.db', PORT = '3000' } = process.env

const shop = createShop(new ActiveAlchemy(DATABASE_URL, { name: 'shop' }))
await openShop(shop, sampleProducts, sampleCustomers)

const app = await createApp(shop)
// On SIGINT and SIGTERM requests are answered first; then the module closes the database.
app.enableShutdownHooks()
await app.listen(Number(PORT))
console.log(`The shop is open: http://localhost:${new URL(await app.getUrl()).port}`)
