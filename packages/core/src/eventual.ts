/**
 * What is there already, or will be: a driver that never waits answers in the call, and then no promise need be made.
 *
 * Whoever takes one goes on with `after`; a failure is thrown or rejected, and `caught` and `lastly` see both.
 */
export type Eventual<T> = T | Promise<T>

/** Goes on with what is there, at once; or with what will be, then. */
export function after<T, Result>(value: Eventual<T>, next: (value: T) => Eventual<Result>): Eventual<Result> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Does `work`, and goes on with what it gives, or with its failure; a failure of `next` itself is not handled. */
export function either<T, Result>(
  work: () => Eventual<T>,
  next: (value: T) => Eventual<Result>,
  handle: (error: unknown) => Eventual<Result>,
): Eventual<Result> {
  let done: Eventual<T>
  try {
    done = work()
  } catch (error) {
    return handle(error)
  }
  return done instanceof Promise ? done.then(next, handle) : next(done)
}

/** Does `work`, and gives what `handle` makes of its failure. */
export function caught<T>(work: () => Eventual<T>, handle: (error: unknown) => Eventual<T>): Eventual<T> {
  return either(work, (value) => value, handle)
}

/** Does `work` and, however that ends, `end`. */
export function lastly<T>(work: () => Eventual<T>, end: () => Eventual<void>): Eventual<T> {
  return either(
    work,
    (value) => after(end(), () => value),
    (error) =>
      after(end(), () => {
        throw error
      }),
  )
}
