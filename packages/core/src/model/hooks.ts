import { InvalidOptionError } from '../errors.js'
import { flag, oneWordOf, readOptions } from '../options.js'
import { acceptHook, type HookOptions } from '../scope/hooks.js'
import { events, ownHooks, type RecordEvent, type RecordHook } from '../session/record-hooks.js'

const moments = { before: oneWordOf(...events), after: oneWordOf(...events, 'commit') }

/**
 * Gives a hook to a class of models, and so to those that extend it.
 *
 * @throws {InvalidOptionError} There is no such event, `hook` is no function, or there is no such option.
 */
export function addHook(
  model: { readonly name: string; readonly prototype: object },
  when: 'before' | 'after',
  event: RecordEvent | 'commit',
  hook: RecordHook<never>,
  options?: HookOptions,
): void {
  if (!moments[when].accepts(event)) throw new InvalidOptionError(`event of ${model.name}.${when}()`, moments[when].takes, event)
  const what = `${model.name}.${when}('${event}')`
  const call = acceptHook(what, hook)
  if (event === 'commit') {
    const { await: isAwaited = false } = readOptions({ await: flag }, options, what)
    ownHooks(model).committed.push({ call, isAwaited })
  } else {
    readOptions({}, options, what)
    ownHooks(model)[when][event].push(call)
  }
}
