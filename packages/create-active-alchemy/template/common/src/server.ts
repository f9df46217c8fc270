import { settings } from './settings.js'
import { start } from './start.js'

const server = await start(settings.port)
console.log(`http://localhost:${server.port}`)

// Requests under way are answered first, then the connections are closed. A second signal ends the process at once.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void server.stop())
