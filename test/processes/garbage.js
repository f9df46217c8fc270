// What many requests at once leave in the old generation of V8, which prints it for each collection of the young one.
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { ActiveAlchemy } from '@active-alchemy/core'

const db = new ActiveAlchemy(process.env.GARBAGE_URI)
class User extends db.Model('User', { name: db.Column(db.String(25)), points: db.Column(db.Integer, { default: 0 }) }) {}
await db.createAll()
await User.createMany(Array.from({ length: 500 }, (_, index) => ({ name: `User ${index}` })))

let number = 0
async function request() {
  const key = (number++ % 500) + 1
  await User.get(key)
  await db.run(async () => {
    const user = await User.getOrError(key)
    if (number % 4 === 0) await user.update({ points: number })
  })
}

/** What is there by now is old afterwards. */
async function beQuiet() {
  let garbage
  for (let turn = 0; turn < 50; turn++) {
    for (let index = 0; index < 20_000; index++) garbage = { index, before: { index } }
    await setImmediate()
  }
  return garbage
}

const works = async (count) => {
  for (let done = 0; done < count; done++) await request()
}
await Promise.all(Array.from({ length: 32 }, () => works(30)))
for (let round = 0; round < 4; round++) {
  const busy = Array.from({ length: 32 }, () => works(60))
  await setImmediate()
  // While they wait for their turn.
  await beQuiet()
  await Promise.all(busy)
}
setFlagsFromString('--trace-gc')
setFlagsFromString('--trace-gc-nvp')
for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 32 }, () => works(60)))
setFlagsFromString('--no-trace-gc')
await db.close()
