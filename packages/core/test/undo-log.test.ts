import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { recordState } from '../src/plan/record-state.js'
import { Scope } from '../src/scope/scope.js'
import { Frame } from '../src/session/frame.js'
import { IdentityMap } from '../src/session/identity-map.js'
import { UndoLog } from '../src/session/undo-log.js'

const db = new ActiveAlchemy('sqlite://')

class User extends db.Model('User', { name: db.Column(db.Text) }) {}

beforeAll(() => db.createAll())
afterAll(() => db.close())

describe('what a savepoint did', () => {
  it('is handed on to the frame around it, however much it is', () => {
    const metadata = db.dataSource.getMetadata(User)
    const pending = new Set<object>()
    const identities = new IdentityMap(new Scope({ label: 'a job' }))
    const records = Array.from({ length: 200_000 }, () => new User())
    const root = new Frame()
    const inner = new Frame(root, 'inner')
    inner.undo = new UndoLog(identities, pending)
    for (const record of records) {
      pending.add(record)
      inner.undo.noteAdded(record)
      inner.onCommit.push({ name: 'a hook', call: () => undefined, isAwaited: false, timeoutMs: 1 })
    }
    root.undo = new UndoLog(identities, pending)
    inner.undo.noteInserted(metadata, records, [])
    for (const record of records) inner.undo.noteChanged(metadata, record, [])
    inner.keep()
    expect(root.onCommit).toHaveLength(200_000)
    root.unwind()
    expect(pending.size).toBe(0)
    expect(recordState(records[0] ?? {}).snapshot).toBeUndefined()
  })
})
