import { InvalidValueError, type ValueFault } from '../errors.js'
import { after, type Eventual } from '../eventual.js'
import { isObject } from '../options.js'
import type { ColumnType } from '../types/column-type.js'
import { beyond, type Fault, hasLimits, type Limits } from './limits.js'
import { isStandardSchema, pathOf, type SchemaResult, type StandardSchema } from './standard-schema.js'

/** What a check says: `true` or nothing that all is well, `false` or a text what is wrong. @since 0.2 */
export type CheckVerdict = boolean | string | undefined | { readonly message: string; readonly code?: string }

/**
 * A check of a column: a function of its value, or a schema that speaks Standard Schema, whose output is the value to keep. Either may
 * be async: the verb waits for it. `null` is not asked about; whether it may be there is `nullable`'s affair.
 *
 * @since 0.2
 */
export type ColumnCheck<T, Output = T> = ((value: T) => CheckVerdict | PromiseLike<CheckVerdict>) | StandardSchema<unknown, Output>

/** What the check of a model says: `true` or nothing that all is well; `false`, a text, texts by column or a list what is wrong. @since 0.2 */
export type ModelVerdict = boolean | string | undefined | Readonly<Record<string, string | undefined>> | readonly ValueFault[]

/** A check of a whole record, for what no column says alone. It may be async. @since 0.2 */
export type ModelCheck<T> = (record: T) => ModelVerdict | PromiseLike<ModelVerdict>

/** The rules of a column beside its type. */
export interface Rules extends Limits {
  readonly check?: ColumnCheck<never, unknown>
}

/** What the rules of a column say of a value: the one to keep, and all that is wrong. */
interface Judgement {
  readonly value: unknown
  readonly faults: readonly Fault[]
}

const refused: Fault = { message: 'is refused by its check', code: 'check' }

/** Whether a column has rules beside its type. */
export function hasRules(rules: Rules): boolean {
  return rules.check !== undefined || hasLimits(rules)
}

/**
 * Holds a value of the column's type against its rules.
 *
 * @param isSecret Whether no message may quote the value, as those of schemas do.
 */
export function judge(type: ColumnType<unknown>, rules: Rules, value: unknown, isSecret = false): Eventual<Judgement> {
  const faults = beyond(type, rules, value)
  const { check } = rules
  if (check === undefined) return { value, faults }
  const together = (judged: Judgement): Judgement => ({ value: judged.value, faults: [...faults, ...judged.faults] })
  if (isStandardSchema(check)) {
    const keep = (output: unknown): unknown => (output === value ? value : type.accept(output))
    return after(settled(check['~standard'].validate(value)), (result) => {
      const judged = schemaJudgement(result, keep, value)
      return together(isSecret && judged.faults.length > 0 ? { value, faults: [refused] } : judged)
    })
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its type has accepted the value
  return after(settled(check(value as never)), (verdict) => together({ value, faults: faultOf(verdict) }))
}

function schemaJudgement(result: SchemaResult<unknown>, keep: (output: unknown) => unknown, value: unknown): Judgement {
  if (!result.issues) {
    try {
      return { value: keep(result.value), faults: [] }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      return { value, faults: [{ message: error.message, code: 'type' }] }
    }
  }
  return { value, faults: result.issues.map((issue) => ({ message: issue.message, code: 'check', path: pathOf(issue) })) }
}

/** The promises of others are not always of our own class. */
function settled<T>(value: Eventual<T> | PromiseLike<T>): Eventual<T> {
  if (value instanceof Promise) return value
  return isObject(value) && 'then' in value ? Promise.resolve(value) : value
}

function faultOf(verdict: unknown): Fault[] {
  if (verdict === true || verdict === undefined) return []
  if (typeof verdict === 'string') return [{ message: verdict, code: 'check' }]
  if (!isVerdict(verdict)) return [refused]
  return [{ message: verdict.message, code: typeof verdict.code === 'string' ? verdict.code : 'check' }]
}

function isVerdict(verdict: unknown): verdict is { readonly message: string; readonly code?: unknown } {
  return isObject(verdict) && 'message' in verdict && typeof verdict.message === 'string'
}

/** Faults of a value as those of a column; the path of one that lies deeper begins with it. */
export function ofColumn(column: string, faults: readonly Fault[]): ValueFault[] {
  return faults.map(({ message, code, path = [] }) => ({ column, message, code, ...(path.length > 0 ? { path: [column, ...path] } : {}) }))
}

/** What the checks of a model find wrong with a record. */
export function judgeRecord(checks: readonly ModelCheck<never>[], record: object): Eventual<ValueFault[]> {
  let faults: Eventual<ValueFault[]> = []
  for (const check of checks) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a class calls its checks for its own records
    faults = after(faults, (before) => after(settled(check(record as never)), (verdict) => [...before, ...faultsOf(verdict)]))
  }
  return faults
}

function faultsOf(verdict: unknown): ValueFault[] {
  if (Array.isArray(verdict)) return verdict.filter(isFault)
  if (!isObject(verdict)) return ofColumn('*', faultOf(verdict))
  return Object.entries(verdict).flatMap(([column, message]) => (message === undefined ? [] : ofColumn(column, faultOf(message))))
}

function isFault(fault: unknown): fault is ValueFault {
  return isVerdict(fault) && 'column' in fault && typeof fault.column === 'string' && typeof fault.code === 'string'
}

/** All that is wrong with values. @throws {InvalidValueError} Something is. */
export function refuseFaults(model: string, faults: readonly ValueFault[]): void {
  if (faults.length > 0) throw new InvalidValueError(model, faults)
}
