import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext, runInThisContext } from 'node:vm'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { ActiveAlchemy } from '@active-alchemy/core'
import { bindHttp } from '@active-alchemy/core/http'

// Tells whether records of a model share one hidden class of V8, what a record holds of the heap, and whether it holds its request.
setFlagsFromString('--allow-natives-syntax')
setFlagsFromString('--expose-gc')
const share = runInThisContext('(a, b) => %HaveSameMap(a, b)')
const collect = runInNewContext('gc')

const db = new ActiveAlchemy('sqlite:///:memory:')
const columns = () => ({ name: db.Column(db.String(25)), points: db.Column(db.Integer, { default: 0 }) })
const key = { id: db.Column(db.Integer, { primary: true, generated: true }) }

class Typed extends db.Model('Typed', columns()) {
  hello() {
    return this.name
  }
}
class Bare extends db.BaseModel('Bare', { ...key, ...columns() }) {}
class Child extends Typed {}
class Decorated extends db.Model {}
class DecoratedBare extends db.BaseModel {}
for (const model of [Decorated, DecoratedBare]) {
  for (const [name, column] of Object.entries(columns())) column(model.prototype, name)
}
key.id(DecoratedBare.prototype, 'id')

const kinds = { Typed, Bare, Child, Decorated, DecoratedBare }
db.register(...Object.values(kinds))
await db.createAll()
const shared = {}
for (const [name, model] of Object.entries(kinds)) {
  const made = [new model({ name: 'a' }), new model({ name: 'b' })]
  const created = [await model.create({ name: 'c' }), await model.create({ name: 'd' })]
  const loaded = await model.query().all()
  shared[name] = [made, created, loaded].map(([one, other]) => share(one, other))
}

/** What the heap holds, once all that nobody needs is gone. */
async function held() {
  await setImmediate()
  collect()
  return process.memoryUsage().heapUsed
}
const count = 5_000
await Typed.createMany(Array.from({ length: count }, (_, n) => ({ name: `n${n}` })))
for (let warm = 0; warm < 3; warm += 1) await Typed.query().all()
const before = await held()
const records = await Typed.query().all()
const bytes = Math.round(((await held()) - before) / records.length)

/** Records of a request, however they came, that the application keeps; and what must not live as long. */
const kept = []
const passing = []
const server = createServer((req, res) => {
  passing.push(new WeakRef(req))
  const answer = async () => {
    passing.push(new WeakRef(db.session), new WeakRef(db.session.scope))
    const changed = await Typed.get(3)
    kept.push(await Typed.get(1), await Typed.create({ name: 'made' }), await changed.update({ name: 'changed' }))
    kept.push(await (await Typed.get(5 + kept.length)).delete(), ...(await Typed.createMany([{ name: 'one' }, { name: 'two' }])))
    res.end()
  }
  void bindHttp(req, res, () => res.destroy()).run(answer)
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const requests = 20
for (let request = 0; request < requests; request++) await (await fetch(`http://127.0.0.1:${server.address().port}`)).text()
server.close()
server.closeAllConnections()
await once(server, 'close')
for (let round = 0; round < 3; round++) await held()
const stillHeld = passing.filter((each) => each.deref()).length / 3
await db.close()
console.log(JSON.stringify({ shared, bytes, kept: kept.length, stillHeld }))
