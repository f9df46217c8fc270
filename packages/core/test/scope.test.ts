import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { CommitError, ForeignSessionError, ScopeClosedError, SessionFailedError } from '../src/errors.js'
import type { Hook } from '../src/scope/hooks.js'
import type { ScopeMember } from '../src/scope/members.js'
import type { ReportEvent } from '../src/scope/report.js'
import { currentScope, detached, type Outcome, runInScope, Scope, type ScopeOptions } from '../src/scope/scope.js'

/** A member that writes down what is asked of it; what is named in `failing` rejects. */
interface Recorded extends ScopeMember {
  touched: boolean
  written: number
  failure: unknown
  readonly onCommit: Hook[]
  readonly onRollback: Hook[]
}

const log: string[] = []
const reports: ReportEvent[] = []

afterEach(() => {
  log.length = 0
  reports.length = 0
  vi.restoreAllMocks()
})

function member(name: string, failing: Readonly<Partial<Record<'commit' | 'rollback' | 'release', Error>>> = {}, touched = true): Recorded {
  const onCommit: Hook[] = []
  const onRollback: Hook[] = []
  let hooks: Hook[] = []
  const step = (verb: 'close' | 'commit' | 'rollback' | 'release') => async (): Promise<void> => {
    await turn()
    // What is not awaited would come after its successor.
    if (verb === 'commit' || verb === 'rollback') await turn()
    log.push(`${name} ${verb}`)
    const error = verb === 'close' ? undefined : failing[verb]
    if (error) throw error
  }
  return {
    name,
    touched,
    written: 0,
    failure: undefined,
    end: (commits) => void log.push(`${name} end${commits ? '' : ', rolled back'}`),
    close: step('close'),
    settle: async (how) => {
      hooks = how === 'rollback' ? onRollback : hooks
      await step(how)()
      if (how === 'commit') hooks = onCommit
    },
    release: step('release'),
    cancel: () => undefined,
    takeHooks: () => hooks.splice(0),
    onCommit,
    onRollback,
  }
}

/** A hook, as a session keeps it. */
function hook(call: () => unknown, isAwaited = true, timeoutMs = 1_000): Hook {
  return { name: 'A hook', call, isAwaited, timeoutMs }
}

function scopeWith(...members: readonly Recorded[]): Scope {
  const scope = new Scope({ label: 'POST /orders', report: (event) => void reports.push(event) })
  for (const each of members) scope.member(each, () => each)
  return scope
}

const options: ScopeOptions = { label: 'db.run', report: (event) => void reports.push(event) }
const veto = (status?: number): Outcome => ({ commit: false, reason: 'veto', ...(status === undefined ? {} : { status }) })

/** A promise, and what resolves it. */
function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

describe('the current scope', () => {
  it('is the one that runs, through every await', async () => {
    const scope = scopeWith()
    expect(currentScope()).toBeUndefined()
    await scope.run(async () => {
      expect(currentScope()).toBe(scope)
      await turn()
      expect(currentScope()).toBe(scope)
    })
    expect(currentScope()).toBeUndefined()
  })

  it('is each its own for those that run side by side', async () => {
    const scopes = Array.from({ length: 20 }, () => scopeWith())
    const seen = await Promise.all(
      scopes.map((scope) =>
        scope.run(async () => {
          await turn()
          return currentScope() === scope
        }),
      ),
    )
    expect(seen).toEqual(scopes.map(() => true))
  })

  it('is shared by two copies of the package', async () => {
    vi.resetModules()
    const copy: typeof import('../src/scope/scope.js') = await import('../src/scope/scope.js')
    const scope = scopeWith()
    expect(copy.Scope).not.toBe(Scope)
    expect(scope.run(() => copy.currentScope())).toBe(scope)
  })

  it('has the scope around it as its parent', () => {
    const outer = scopeWith()
    expect(outer.parent).toBeUndefined()
    expect(outer.run(() => scopeWith()).parent).toBe(outer)
  })

  it('has no parent that has ended, so that a timer which starts the next from within makes no chain', async () => {
    const outer = scopeWith()
    const ended = outer.run(() => scopeWith())
    await ended.settle({ commit: true })
    expect(ended.run(() => scopeWith()).parent).toBe(outer)
    await outer.settle({ commit: true })
    expect(ended.run(() => scopeWith()).parent).toBeUndefined()
  })

  it('is none where work is detached', async () => {
    const scope = scopeWith()
    await scope.run(async () => {
      expect(detached(() => currentScope())).toBeUndefined()
      await detached(async () => {
        await turn()
        expect(currentScope()).toBeUndefined()
      })
      expect(currentScope()).toBe(scope)
    })
  })

  it('leaves the storages of others alone', () => {
    const other = new AsyncLocalStorage<string>()
    other.run('mine', () => scopeWith().run(() => expect(other.getStore()).toBe('mine')))
  })
})

describe('a member', () => {
  it('is made at first use, and once', () => {
    const scope = scopeWith()
    const key = {}
    const create = vi.fn<() => Recorded>(() => member('a'))
    expect(scope.peek(key)).toBeUndefined()
    const made = scope.member(key, create)
    expect([scope.member(key, create), scope.peek(key)]).toEqual([made, made])
    expect(create).toHaveBeenCalledTimes(1)
  })

  it('belongs to its key', () => {
    const scope = scopeWith()
    expect(scope.member({}, () => member('a')).name).toBe('a')
    expect(scope.member({}, () => member('b')).name).toBe('b')
  })

  it('can still be looked at when the scope is over', async () => {
    const only = member('a')
    const scope = scopeWith(only)
    await scope.settle({ commit: true })
    expect(scope.peek(only)).toBe(only)
  })
})

describe('settling', () => {
  it('commits, releases, and is then over', async () => {
    const scope = scopeWith(member('a'))
    expect(scope.state).toBe('open')
    const settled = scope.settle({ commit: true })
    expect(scope.state).toBe('closing')
    await settled
    expect(scope.state).toBe('committed')
    expect(log).toEqual(['a close', 'a commit', 'a release'])
  })

  it.each(['error', 'veto', 'abort', 'timeout'] as const)('rolls back for the reason %s', async (reason) => {
    const scope = scopeWith(member('a'))
    await scope.settle({ commit: false, reason })
    expect(scope.state).toBe('rolled back')
    expect(log).toEqual(['a close', 'a rollback', 'a release'])
  })

  it('closes all members before it commits the first, in the order of their first use', async () => {
    await scopeWith(member('a'), member('b')).settle({ commit: true })
    expect(log).toEqual(['a close', 'b close', 'a commit', 'b commit', 'a release', 'b release'])
  })

  it('has nothing to wait for when nothing was touched', () => {
    const [committed, rolledBack, unused] = [scopeWith(member('a', {}, false)), scopeWith(member('b', {}, false)), scopeWith()]
    expect([committed.settle({ commit: true }), rolledBack.settle(veto(404)), unused.settle({ commit: true })]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect([committed.state, rolledBack.state, unused.state]).toEqual(['committed', 'rolled back', 'committed'])
    expect(log).toEqual(['a end', 'b end, rolled back'])
  })

  it('happens once: the first outcome wins, and all callers get the same promise', async () => {
    const scope = scopeWith(member('a'))
    const first = scope.settle({ commit: true })
    expect(scope.settle({ commit: false, reason: 'abort' })).toBe(first)
    await first
    expect(scope.settle({ commit: false, reason: 'timeout' })).toBe(first)
    expect(scope.state).toBe('committed')
    expect(log.filter((line) => line === 'a release')).toHaveLength(1)
  })

  it('runs outside any scope, so that a connection opened by it belongs to nobody', async () => {
    const seen: unknown[] = []
    const only = member('a')
    only.settle = async () => void seen.push(currentScope())
    const scope = scopeWith(only)
    await scope.run(() => scope.settle({ commit: true }))
    expect(seen).toEqual([undefined])
  })
})

describe('a scope that is over', () => {
  it('refuses its members and operations, and says which it was', async () => {
    const only = member('a')
    const scope = scopeWith(only)
    await scope.settle({ commit: true })
    expect(scope.admits).toBe(false)
    expect(() => scope.member(only, () => only)).toThrow(ScopeClosedError)
    expect(() => scope.member({}, () => member('b'))).toThrow('POST /orders is over (committed)')
    await expect(scope.operation(async () => log.push('ran'))).rejects.toThrow(ScopeClosedError)
    expect(log).not.toContain('ran')
  })

  it('tells it as well, since nobody may await what comes too late', async () => {
    const scope = scopeWith()
    void scope.settle({ commit: true })
    const error: unknown = await scope.operation(async () => 1).catch((reason: unknown) => reason)
    expect(reports).toEqual([{ kind: 'scope-closed', label: 'POST /orders', error, message: (error as Error).message }])
  })

  it.each(['veto', 'error'] as const)('tells it also after the reason %s', async (reason) => {
    const scope = scopeWith()
    void scope.settle({ commit: false, reason })
    await expect(scope.operation(async () => 1)).rejects.toThrow(ScopeClosedError)
    expect(reports.map(({ kind }) => kind)).toEqual(['scope-closed'])
  })

  it.each(['abort', 'timeout'] as const)('refuses silently after the reason %s, where late calls are usual', async (reason) => {
    const scope = scopeWith(member('a'))
    await scope.settle({ commit: false, reason })
    await expect(scope.operation(async () => 1)).rejects.toThrow(ScopeClosedError)
    expect(reports).toEqual([])
  })
})

describe('an operation', () => {
  it('gives its result, and its error', async () => {
    const scope = scopeWith()
    await expect(scope.operation(async () => 42)).resolves.toBe(42)
    await expect(scope.operation(async () => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
    await expect(
      scope.operation(() => {
        throw new Error('at once')
      }),
    ).rejects.toThrow('at once')
  })

  it('that is under way holds the commit back', async () => {
    const scope = scopeWith(member('a'))
    const { opened, open } = latch()
    const work = scope.operation(async () => {
      await opened
      log.push('worked')
    })
    const settled = scope.settle({ commit: true })
    await turn()
    expect(log).toEqual([])
    open()
    await Promise.all([work, settled])
    expect(log).toEqual(['worked', 'a close', 'a commit', 'a release'])
  })

  it('that is under way may use the scope while it closes, and nobody else', async () => {
    const scope = scopeWith(member('a'))
    const { opened, open } = latch()
    const work = scope.run(() =>
      scope.operation(async () => {
        await opened
        await scope.operation(async () => void log.push('nested'))
        scope.member({}, () => member('late'))
      }),
    )
    const settled = scope.settle({ commit: true })
    expect(scope.run(() => scope.admits)).toBe(false)
    await expect(scope.run(() => scope.operation(async () => 1))).rejects.toThrow(ScopeClosedError)
    open()
    await Promise.all([work, settled])
    expect(log).toEqual(['nested', 'a close', 'late close', 'a commit', 'late commit', 'a release', 'late release'])
  })

  it('of another scope opens no door to this one', async () => {
    const scope = scopeWith(member('a'))
    const { opened, open } = latch()
    const busy = scope.operation(() => opened)
    const settled = scope.settle({ commit: true })
    const other = scopeWith()
    await expect(other.operation(() => scope.operation(async () => 1))).rejects.toThrow(ForeignSessionError)
    open()
    await Promise.all([busy, settled])
  })

  it('that fails does not hold the commit back for ever', async () => {
    const scope = scopeWith(member('a'))
    const work = scope.operation(async () => Promise.reject(new Error('mine')))
    const settled = scope.settle({ commit: true })
    await expect(work).rejects.toThrow('mine')
    await settled
    expect(scope.state).toBe('committed')
  })

  it('is not waited for by a rollback, and may start nothing any more', async () => {
    const scope = scopeWith(member('a'))
    const { opened, open } = latch()
    const work = scope.operation(async () => {
      await opened
      await scope.operation(async () => 1)
    })
    const settled = scope.settle({ commit: false, reason: 'abort' })
    await settled
    expect(log).toEqual(['a close', 'a rollback', 'a release'])
    open()
    await expect(work).rejects.toThrow(ScopeClosedError)
  })

  it('may start nothing while a rollback is under way, though it had begun before', async () => {
    const only = member('a')
    const { opened, open } = latch()
    only.close = () => opened
    const scope = scopeWith(only)
    const { opened: asked, open: ask } = latch()
    const work = scope.operation(async () => {
      await asked
      await scope.operation(async () => 1)
    })
    const settled = scope.settle({ commit: false, reason: 'error' })
    ask()
    await expect(work).rejects.toThrow('POST /orders is over (closing)')
    open()
    await settled
  })

  it('alone is worth waiting for, though nothing was touched yet', async () => {
    const scope = scopeWith()
    const { opened, open } = latch()
    const work = scope.operation(() => opened)
    const settled = scope.settle({ commit: true })
    expect(settled).toBeInstanceOf(Promise)
    open()
    await Promise.all([work, settled])
    expect(scope.state).toBe('committed')
  })
})

describe('what decides', () => {
  it('first of all: rollbackOnly, whatever the answer says', async () => {
    const scope = scopeWith(member('a'))
    scope.rollbackOnly('a reason')
    scope.commitAnyway()
    await scope.settle({ commit: true })
    expect(scope.state).toBe('rolled back')
    expect(log).toEqual(['a close', 'a rollback', 'a release'])
  })

  it('rollbackOnly leaves an answer as it was made, also over a failed session', async () => {
    const only = member('a')
    only.failure = new Error('broken')
    const scope = scopeWith(only)
    scope.rollbackOnly()
    await expect(scope.settle({ commit: true })).resolves.toBeUndefined()
  })

  it.each<[Outcome, 'committed' | 'rolled back']>([
    [{ commit: false, reason: 'veto', status: 401 }, 'committed'],
    [{ commit: false, reason: 'error', status: 499 }, 'committed'],
    [{ commit: false, reason: 'veto', status: 500 }, 'rolled back'],
    [{ commit: false, reason: 'error', status: 503 }, 'rolled back'],
    [{ commit: false, reason: 'error' }, 'rolled back'],
    [{ commit: false, reason: 'veto' }, 'rolled back'],
    [{ commit: false, reason: 'abort', status: 200 }, 'rolled back'],
    [{ commit: false, reason: 'timeout', status: 200 }, 'rolled back'],
    [{ commit: true }, 'committed'],
  ])('then commitAnyway: %o is %s', async (outcome, state) => {
    const scope = scopeWith(member('a'))
    scope.commitAnyway('a counter of failed logins')
    await scope.settle(outcome)
    expect(scope.state).toBe(state)
  })

  it('a failed session turns success into an error that keeps the first cause', async () => {
    const cause = new Error('duplicate')
    const [good, bad] = [member('good'), member('bad')]
    bad.failure = cause
    const scope = scopeWith(good, bad)
    const error: unknown = await scope.settle({ commit: true })?.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SessionFailedError)
    expect((error as Error).cause).toBe(cause)
    expect(scope.state).toBe('failed')
    expect(log).toEqual(['good close', 'bad close', 'good rollback', 'bad rollback', 'good release', 'bad release'])
  })

  it('a failed session changes nothing about an answer that rolls back', async () => {
    const only = member('a')
    only.failure = new Error('duplicate')
    const scope = scopeWith(only)
    await expect(scope.settle(veto(409))).resolves.toBeUndefined()
    expect(scope.state).toBe('rolled back')
  })

  it('a failed session cannot be committed anyway', async () => {
    const only = member('a')
    only.failure = new Error('duplicate')
    const scope = scopeWith(only)
    scope.commitAnyway()
    await expect(scope.settle(veto(401))).rejects.toThrow(SessionFailedError)
  })
})

describe('a veto that discards rows', () => {
  it('is told, with the status and the rows of all databases', async () => {
    const [a, b] = [member('a'), member('b')]
    a.written = 2
    b.written = 1
    await scopeWith(a, b).settle(veto(422))
    expect(reports).toMatchObject([{ kind: 'veto', label: 'POST /orders', rows: 3, status: 422 }])
    expect(reports[0]?.message).toMatch(/POST \/orders answered 422.*3 row\(s\).*commitAnyway/)
  })

  it('is told without a status where there is none', async () => {
    const only = member('a')
    only.written = 1
    await scopeWith(only).settle(veto())
    expect(reports[0]).not.toHaveProperty('status')
    expect(reports[0]?.message).toContain('answered an error')
  })

  it('is silent when nothing was written, and when something was thrown', async () => {
    await scopeWith(member('a')).settle(veto(404))
    const thrown = member('b')
    thrown.written = 1
    await scopeWith(thrown).settle({ commit: false, reason: 'error', error: new Error('boom') })
    expect(reports).toEqual([])
  })
})

describe('a commit that fails', () => {
  const error = new Error('deferred constraint')

  it('rolls back, is thrown, and is told', async () => {
    const scope = scopeWith(member('a', { commit: error }))
    await expect(scope.settle({ commit: true })).rejects.toBe(error)
    expect(scope.state).toBe('failed')
    expect(log).toEqual(['a close', 'a commit', 'a rollback', 'a release'])
    expect(reports).toMatchObject([{ kind: 'commit-failed', label: 'POST /orders', database: 'a', error }])
  })

  it('of the first database leaves nothing of the others', async () => {
    const scope = scopeWith(member('a', { commit: error }), member('b'))
    await expect(scope.settle({ commit: true })).rejects.toBe(error)
    expect(log).toEqual(['a close', 'b close', 'a commit', 'a rollback', 'b rollback', 'a release', 'b release'])
  })

  it('after another database has committed says which are kept and which are lost', async () => {
    const scope = scopeWith(
      member('a'),
      member('idle', {}, false),
      member('b', { commit: error }),
      member('c'),
      member('unused', {}, false),
    )
    const thrown: unknown = await scope.settle({ commit: true })?.catch((reason: unknown) => reason)
    expect(thrown).toBeInstanceOf(CommitError)
    expect(thrown).toMatchObject({ committed: ['a'], failed: ['b', 'c'] })
    expect((thrown as Error).cause).toBe(error)
    expect(log).not.toContain('c commit')
    expect(log).not.toContain('a rollback')
  })

  it('is not unhandled when nobody awaits it', async () => {
    void scopeWith(member('a', { commit: error })).settle({ commit: true })
    for (let turns = 0; turns < 10; turns += 1) await turn()
    expect(log).toContain('a release')
  })
})

describe('cleaning up that fails', () => {
  const error = new Error('lost')

  it('is told, and hides nothing: all other members are cleaned up too', async () => {
    const scope = scopeWith(member('a', { rollback: error, release: error }), member('b'))
    await expect(scope.settle({ commit: false, reason: 'error' })).resolves.toBeUndefined()
    expect(scope.state).toBe('rolled back')
    expect(log).toEqual(['a close', 'b close', 'a rollback', 'b rollback', 'a release', 'b release'])
    expect(reports).toMatchObject([
      { kind: 'rollback-failed', database: 'a', error },
      { kind: 'release-failed', database: 'a', error },
    ])
  })

  it('does not turn a commit into a failure', async () => {
    const scope = scopeWith(member('a', { release: error }))
    await expect(scope.settle({ commit: true })).resolves.toBeUndefined()
    expect(scope.state).toBe('committed')
    expect(reports.map(({ kind }) => kind)).toEqual(['release-failed'])
  })
})

describe('hooks', () => {
  it('of a commit are called after the release, one after the other, outside any scope', async () => {
    const only = member('a')
    const scope = scopeWith(only)
    const seen: unknown[] = []
    only.onCommit.push(
      hook(async () => {
        await turn()
        seen.push(currentScope())
        log.push('first')
      }),
      hook(() => log.push('second')),
    )
    only.onRollback.push(hook(() => log.push('never')))
    await scope.run(() => scope.settle({ commit: true }))
    expect(log).toEqual(['a close', 'a commit', 'a release', 'first', 'second'])
    expect(seen).toEqual([undefined])
  })

  it('of a rollback are called after it, and after a commit that failed', async () => {
    for (const [failing, outcome] of [
      [{}, veto(400)],
      [{ commit: new Error('no') }, { commit: true }],
    ] as const) {
      const only = member('a', failing)
      only.onCommit.push(hook(() => log.push('never')))
      only.onRollback.push(hook(() => log.push('undone')))
      await scopeWith(only)
        .settle(outcome)
        ?.catch(() => undefined)
      expect(log.splice(0).slice(-2)).toEqual(['a release', 'undone'])
    }
  })

  it('of each member tell what became of it', async () => {
    const [first, second] = [member('a'), member('b', { commit: new Error('no') })]
    for (const each of [first, second]) {
      each.onCommit.push(hook(() => log.push(`${each.name} kept`)))
      each.onRollback.push(hook(() => log.push(`${each.name} lost`)))
    }
    await expect(scopeWith(first, second).settle({ commit: true })).rejects.toBeInstanceOf(CommitError)
    expect(log.slice(-2)).toEqual(['a kept', 'b lost'])
  })

  it('are not waited for unless they say so, and those that do come first', async () => {
    const [only, gate] = [member('a'), latch()]
    only.onCommit.push(
      hook(async () => {
        await gate.opened
        log.push('late')
      }, false),
      hook(() => log.push('awaited')),
    )
    const scope = scopeWith(only)
    await scope.settle({ commit: true })
    expect(log.slice(-2)).toEqual(['a release', 'awaited'])
    gate.open()
    await scope.hooks
    expect(log.at(-1)).toBe('late')
  })

  it('that never end are waited for no longer than they may, told, and do not keep the next from its turn', async () => {
    const only = member('a')
    only.onCommit.push(
      hook(() => new Promise(() => undefined), true, 20),
      hook(() => log.push('next')),
    )
    // Their timers alone keep no process alive.
    const alive = setInterval(() => undefined, 1_000)
    await scopeWith(only).settle({ commit: true })
    clearInterval(alive)
    expect(log.at(-1)).toBe('next')
    expect(reports).toMatchObject([{ kind: 'hook-failed', error: { message: expect.stringContaining('20 ms') as string } }])
  })

  it('are called once', async () => {
    const only = member('a')
    const scope = scopeWith(only)
    only.onCommit.push(hook(() => log.push('done')))
    await scope.settle({ commit: true })
    await scope.settle({ commit: true })
    expect(log.filter((line) => line === 'done')).toHaveLength(1)
  })

  it('that fail are told, and change nothing', async () => {
    const error = new Error('mail server is down')
    const only = member('a')
    only.onCommit.push(
      hook(() => Promise.reject(error)),
      hook(() => log.push('next')),
    )
    await expect(scopeWith(only).settle({ commit: true })).resolves.toBeUndefined()
    expect(log.at(-1)).toBe('next')
    expect(reports).toMatchObject([{ kind: 'hook-failed', label: 'POST /orders', error }])
  })

  it('may open a scope of their own', async () => {
    const only = member('a')
    only.onCommit.push(hook(() => runInScope(options, async () => log.push(currentScope()?.label ?? 'none'))))
    await scopeWith(only).settle({ commit: true })
    expect(log.at(-1)).toBe('db.run')
  })
})

describe('a report function that throws', () => {
  it('breaks nothing, and is told on the console', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const error = new Error('no log')
    const scope = new Scope({
      label: 'POST /orders',
      report: () => {
        throw error
      },
    })
    const only = member('a', { release: new Error('lost') })
    scope.member(only, () => only)
    await expect(scope.settle({ commit: true })).resolves.toBeUndefined()
    expect(printed).toHaveBeenCalledWith('[active-alchemy] The report function failed for POST /orders.', error)
  })

  it('is the console itself unless one is given', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const scope = new Scope({ label: 'POST /orders' })
    await scope.callHooks([hook(() => Promise.reject(new Error('mail')))])
    expect(printed).toHaveBeenCalledTimes(1)
  })
})

describe('runInScope', () => {
  it('commits when the work resolves, and gives its result', async () => {
    const only = member('a')
    const result = await runInScope(options, async (scope) => {
      expect(currentScope()).toBe(scope)
      scope.member(only, () => only)
      return 42
    })
    expect(result).toBe(42)
    expect(log).toEqual(['a close', 'a commit', 'a release'])
  })

  it('rolls back when the work rejects, and throws what the work threw', async () => {
    const error = new Error('boom')
    const only = member('a', { rollback: new Error('lost') })
    const work = runInScope(options, async (scope) => {
      scope.member(only, () => only)
      throw error
    })
    await expect(work).rejects.toBe(error)
    expect(log).toEqual(['a close', 'a rollback', 'a release'])
    expect(reports.map(({ kind }) => kind)).toEqual(['rollback-failed'])
  })

  it('rejects with a commit that failed', async () => {
    const error = new Error('deferred constraint')
    const only = member('a', { commit: error })
    await expect(runInScope(options, async (scope) => scope.member(only, () => only))).rejects.toBe(error)
  })

  it('inside another is a scope of its own: it commits, though the outer one rolls back', async () => {
    const [inner, outer] = [member('inner'), member('outer')]
    const work = runInScope(options, async (around) => {
      around.member(outer, () => outer)
      await runInScope(options, async (scope) => {
        expect(scope.parent).toBe(around)
        scope.member(inner, () => inner)
      })
      expect(currentScope()).toBe(around)
      throw new Error('boom')
    })
    await expect(work).rejects.toThrow('boom')
    expect(log).toEqual(['inner close', 'inner commit', 'inner release', 'outer close', 'outer rollback', 'outer release'])
  })

  it('waits for what the work began and did not await', async () => {
    const only = member('a')
    await runInScope(options, async (scope) => {
      scope.member(only, () => only)
      void scope.operation(async () => {
        await turn()
        log.push('not awaited')
      })
    })
    expect(log).toEqual(['not awaited', 'a close', 'a commit', 'a release'])
  })
})

describe('a scope with a member that cannot be closed', () => {
  it('rolls back and releases all members', async () => {
    const log: string[] = []
    const member = (name: string, close: () => Promise<void>): ScopeMember => ({
      name,
      touched: true,
      written: 0,
      failure: undefined,
      end: () => undefined,
      close,
      settle: async (how) => void log.push(`${name} ${how}`),
      cancel: () => undefined,
      takeHooks: () => [],
      release: async () => void log.push(`${name} release`),
    })
    const [a, b] = [member('a', () => Promise.reject(new Error('cannot close'))), member('b', async () => undefined)]
    const scope = new Scope({ label: 'test', report: () => undefined })
    for (const each of [a, b]) scope.member(each, () => each)
    await expect(scope.settle({ commit: true })).rejects.toThrow('cannot close')
    expect(log).toEqual(['a rollback', 'b rollback', 'a release', 'b release'])
    expect(scope.state).toBe('failed')
  })
})
