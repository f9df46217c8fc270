/** What to throw where nothing was found: an error, its class, or a function whose result is used. @since 0.1 */
export type NotFound<Result = never> = Error | (new () => Error) | (() => Result)

/** What `error` stands for: thrown if it is an error or makes one, else its result. */
export function orElse<Result>(error: NotFound<Result> | undefined, fallback: () => Error): Result {
  if (error === undefined) throw fallback()
  if (error instanceof Error) throw error
  if (isErrorClass(error)) throw new error()
  return error()
}

function isErrorClass(value: unknown): value is new () => Error {
  return typeof value === 'function' && (value === Error || value.prototype instanceof Error)
}
