import { checkCommand } from './check.js'
import type { Command } from './command.js'
import { consoleCommand } from './console.js'
import { generateCommand } from './generate.js'
import { migrateCommand } from './migrate.js'
import { reflectCommand } from './reflect.js'
import { revertCommand } from './revert.js'
import { schemaCommand } from './schema.js'
import { statusCommand } from './status.js'

/** All commands, in the order in which the help names them. */
export const commands: readonly Command[] = [
  migrateCommand,
  generateCommand,
  revertCommand,
  statusCommand,
  schemaCommand,
  checkCommand,
  reflectCommand,
  consoleCommand,
]
