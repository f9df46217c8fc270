// What a request costs that cannot be seen from outside: contexts that are entered, and promises that are made.
import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import { ActiveAlchemy } from '@active-alchemy/core'
import { bindHttp } from '@active-alchemy/core/http'

const db = new ActiveAlchemy(process.env.COSTS_URI)
class User extends db.Model('User', {
  name: db.Column(db.String(25)),
  location: db.Column(db.String(50), { default: 'USA' }),
  lastAccess: db.Column(db.DateTime, { nullable: true }),
}) {}
await db.createAll()
await User.create({ name: 'Mardix' })

const counts = { contexts: 0, promises: 0 }
const run = Reflect.get(AsyncLocalStorage.prototype, 'run')
AsyncLocalStorage.prototype.run = function (...parameters) {
  counts.contexts += 1
  return Reflect.apply(run, this, parameters)
}
createHook({ init: (_id, type) => void (counts.promises += type === 'PROMISE' ? 1 : 0) }).enable()

const routes = {
  '/nothing': async () => null,
  '/get': () => User.get(1),
  '/create': () => User.create({ name: 'Mardix' }),
}
let cost
const server = createServer((req, res) => {
  Object.assign(counts, { contexts: 0, promises: 0 })
  res.once('finish', () => (cost = { ...counts }))
  const scope = bindHttp(req, res, (error) => res.destroy(error))
  void scope.run(() => routes[req.url]().then((value) => res.end(JSON.stringify(value))))
}).listen(0)
await once(server, 'listening')

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const costs = {}
for (const path of Object.keys(routes)) {
  // The first is dearer: texts are made, and connections opened.
  for (let time = 0; time < 3; time++) {
    const [response] = await once(get({ agent, port: server.address().port, path }), 'response')
    response.resume()
    await once(response, 'end')
    await new Promise(setImmediate)
  }
  costs[path] = cost
}
console.log(JSON.stringify(costs))
agent.destroy()
server.close()
await db.close()
