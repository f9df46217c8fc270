/** How a command ended: done; a problem, or something left to do; called wrongly. */
export type ExitCode = 0 | 1 | 2

/** Why a command did not do what it was called for, in the words in which it is told. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  /** @param exitCode 2 where it was called wrongly. */
  constructor(message: string, exitCode: ExitCode = 1, cause?: unknown) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}
