import { once } from 'node:events'
import { db } from './shop.js'

// Calls one method of the database when it is told to, so that two processes can begin at once, and tells what came of it.
process.send?.('ready')
await once(process, 'message')
try {
  const result = await db[process.argv[2]]()
  process.send?.({ count: Array.isArray(result) ? result.length : 0 })
} catch (error) {
  process.send?.({ error: String(error) })
}
await db.close()
process.disconnect()
