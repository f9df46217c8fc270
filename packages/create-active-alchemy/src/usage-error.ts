/** Why nothing is made, in the words in which it is told. */
export class UsageError extends Error {
  readonly exitCode: number

  /** @param exitCode 2 where it was called wrongly, 1 where something is in the way. */
  constructor(message: string, exitCode: 1 | 2 = 2) {
    super(message)
    this.exitCode = exitCode
  }
}
