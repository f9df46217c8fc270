import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { foreignKeys } from '../mapping/foreign-key.js'
import { setKey } from '../plan/foreign-key.js'
import { foreignKeyOf } from '../plan/record-state.js'

/** What was made here, by prototype: metadata may be built anew, and a property of the application stays. */
const made = new WeakMap<object, Set<string>>()

/** Lets the records of a model tell the foreign keys that are no columns of its own: `post.authorId` beside `post.author`. */
export function tellForeignKeys(metadata: EntityMetadata): void {
  const { target } = metadata
  if (typeof target !== 'function') return
  const prototype: object = target.prototype
  for (const [name, column] of foreignKeys(metadata)) {
    const known: unknown = Object.getOwnPropertyDescriptor(prototype, name)
    if (known !== undefined && made.get(prototype)?.has(name) !== true) continue
    made.set(prototype, (made.get(prototype) ?? new Set()).add(name))
    Object.defineProperty(prototype, name, {
      configurable: true,
      get(this: ObjectLiteral): unknown {
        return foreignKeyOf(column, this)
      },
      set(this: ObjectLiteral, key: unknown) {
        setKey(column, this, key)
      },
    })
  }
}
