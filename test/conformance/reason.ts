import { expect } from 'vitest'

/** What a call fails with, thrown or rejected; of one that does not fail, that and its result. */
export function reason(call: () => unknown): Promise<unknown> {
  return Promise.resolve()
    .then(call)
    .then(
      (value) => ['no error', value],
      (error: unknown) => error,
    )
}

/** An error with a code and a status. */
export function refused(code: string, status: number): object {
  return expect.objectContaining({ code, status }) as object
}
