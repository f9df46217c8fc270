import { ActiveAlchemy } from '@active-alchemy/core'

const db = new ActiveAlchemy('sqlite://', { name: 'hydrate' })
class User extends db.Model('User', {
  name: db.Column(db.String(25)),
  isActive: db.Column(db.Boolean, { default: true }),
  settings: db.Column(db.JSONType, { nullable: true }),
  'odd name': db.Column(db.Integer, { default: 7 }),
}) {}
await db.createAll()
await User.create({ name: 'Ada', settings: { theme: 'dark' } })
const generates = (() => {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- Asks whether it is allowed.
    return Boolean(new Function('return true')())
  } catch {
    return false
  }
})()
const [user] = await User.query().all()
await user.update({ name: 'Bob' })
const again = await db.run(async () => {
  const read = await User.get(1)
  const before = read.isDirty
  read.settings.theme = 'light'
  return { ...read.toJSON(), before, after: read.isDirty, keys: Object.keys(read), isUser: read instanceof User }
})
await db.close()
console.log(JSON.stringify({ generates, again: { ...again, createdAt: typeof again.createdAt, updatedAt: typeof again.updatedAt } }))
