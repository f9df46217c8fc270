import { isAlchemyError } from '../drivers/database-error.js'
import { CommandError } from './command-error.js'

/** An error as it is told: what we say ourselves is enough; of anything else the place counts too. */
export function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof CommandError) return error.message
  if (isAlchemyError(error)) return `${error.message}\nSee ${error.help}`
  return error.stack ?? error.message
}
