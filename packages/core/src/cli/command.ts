import type { ActiveAlchemy } from '../active-alchemy.js'
import type { ExitCode } from './command-error.js'
import type { Project } from './project.js'
import type { Terminal } from './terminal.js'

/** An option of the command line. */
export interface CommandOption {
  /** What stands behind it, as the help names it; an option that is on or off takes nothing. */
  readonly takes?: string
  readonly about: string
}

/** What was typed, without the options of every command. */
export interface Call {
  readonly db: ActiveAlchemy
  readonly project: Project
  readonly terminal: Terminal
  /** The word behind the command. */
  readonly word: string | undefined
  /** The options: a text, or `''` of one that is on. */
  readonly options: ReadonlyMap<string, string>
}

/** One command of `active-alchemy`. */
export interface Command {
  readonly name: string
  /** The word that it needs, as the help names it. */
  readonly word?: string
  /** What it does, in one line. */
  readonly summary: string
  /** The rest that its help says, exit codes among it. */
  readonly about: readonly string[]
  readonly options?: Readonly<Record<string, CommandOption>>
  run(call: Call): Promise<ExitCode>
}
