import type { ObjectLiteral } from 'typeorm'
import type { Hook } from '../scope/hooks.js'

/** What is done to the row of a record, for its hooks; `save` is around `create` and `update`. @since 0.2 */
export type RecordEvent = 'save' | 'create' | 'update' | 'delete' | 'restore'

/** A hook of a model; it gets the record, and may be async. @since 0.2 */
export type RecordHook<T extends object> = (record: T) => unknown

/** Whoever gives a hook to a class says of which records; it is called for no others. */
type Call = RecordHook<never>

type Calls = Readonly<Record<RecordEvent, Call[]>>

/** The hooks of one model. */
export class RecordHooks {
  readonly before = noCalls()
  readonly after = noCalls()
  readonly committed: { readonly call: Call; readonly isAwaited: boolean }[] = []

  /** Those of a class, after those of the class that it extends. */
  static joined(all: readonly RecordHooks[]): RecordHooks {
    const joined = new RecordHooks()
    for (const { before, after, committed } of all) {
      for (const event of events) {
        joined.before[event].push(...before[event])
        joined.after[event].push(...after[event])
      }
      joined.committed.push(...committed)
    }
    return joined
  }

  /** Whether any of them runs with a verb, and may undo it; those of the commit do not. */
  get runWithVerbs(): boolean {
    return events.some((event) => this.before[event].length + this.after[event].length > 0)
  }

  /** Runs `work` between the hooks of an event, one after the other. */
  async around(event: RecordEvent, record: ObjectLiteral, work: () => Promise<void>): Promise<void> {
    await this.run('before', event, record)
    await work()
    await this.run('after', event, record)
  }

  /** Calls those of one moment. */
  async run(when: 'before' | 'after', event: RecordEvent, record: ObjectLiteral): Promise<void> {
    for (const hook of this[when][event]) await called(hook, record)
  }

  /** Those of the commit, to be called for a record. @param timeoutMs For how long each is waited for. */
  atCommit(record: ObjectLiteral, timeoutMs: number): Hook[] {
    const name = `A hook of ${record.constructor.name}.after('commit')`
    return this.committed.map(({ call, isAwaited }) => ({ name, call: () => called(call, record), isAwaited, timeoutMs }))
  }
}

function called(hook: Call, record: ObjectLiteral): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a class calls its hooks for its own records
  return hook(record as never)
}

/** Every event, in no order. */
export const events = ['save', 'create', 'update', 'delete', 'restore'] as const satisfies RecordEvent[]

function noCalls(): Calls {
  return { save: [], create: [], update: [], delete: [], restore: [] }
}

/** Hooks that were given to a class itself, by its prototype: a class has more than one form, and each has the one prototype. */
const own = new WeakMap<object, RecordHooks>()
/** What a prototype inherits, as it was when so many hooks had been given in all. */
const known = new WeakMap<object, { readonly given: number; readonly hooks: RecordHooks | undefined }>()
let given = 0

/** The hooks of the class itself, to add one. */
export function ownHooks({ prototype }: { readonly prototype: object }): RecordHooks {
  given += 1
  let hooks = own.get(prototype)
  if (!hooks) own.set(prototype, (hooks = new RecordHooks()))
  return hooks
}

/** The hooks of a record's model, with those that it inherits; `undefined` where there are none, so that who has none pays nothing. */
export function hooksOf(record: object): RecordHooks | undefined {
  if (given === 0) return undefined
  const prototype: object | null = Object.getPrototypeOf(record)
  if (!prototype) return undefined
  const found = known.get(prototype)
  if (found?.given === given) return found.hooks
  const all: RecordHooks[] = []
  for (let each: object | null = prototype; each; each = Object.getPrototypeOf(each)) {
    const hooks = own.get(each)
    if (hooks) all.unshift(hooks)
  }
  const hooks = all.length === 0 ? undefined : RecordHooks.joined(all)
  known.set(prototype, { given, hooks })
  return hooks
}
