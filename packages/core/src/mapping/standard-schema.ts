import type { Eventual } from '../eventual.js'
import { isObject } from '../options.js'

/** What a schema finds wrong with a value. @since 0.2 */
export interface SchemaIssue {
  readonly message: string
  /** Where in the value. @default the value itself */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema says of a value: the one to keep, or all that is wrong. @since 0.2 */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[]; readonly value?: undefined }

/** What speaks Standard Schema v1 (standardschema.dev): schemas of zod, valibot, arktype, and models. @since 0.2 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': SchemaProperties<Input, Output>
}

/** How a schema is asked. @since 0.2 */
export interface SchemaProperties<Input = unknown, Output = Input> {
  readonly version: 1
  readonly vendor: string
  validate(value: unknown): Eventual<SchemaResult<Output>>
  /** Only for the type. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined
}

/** Whether `value` is a schema; some are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if (!isObject(value) && typeof value !== 'function') return false
  const standard: unknown = Reflect.get(value, '~standard')
  return isObject(standard) && 'validate' in standard && typeof standard.validate === 'function'
}

/** The names and places of a path, as JSON can say them. */
export function pathOf({ path = [] }: SchemaIssue): (string | number)[] {
  // Some libraries have arrays of their own, whose `map` makes another one.
  return Array.from(path, (part) => {
    const key = typeof part === 'object' ? part.key : part
    return typeof key === 'number' ? key : String(key)
  })
}
