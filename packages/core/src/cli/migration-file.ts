import type { MigrationStatement, SchemaDifference } from '../schema/tables.js'

/** The language of a migration file: TypeScript, JavaScript as an ES module, or as one of CommonJS. */
export type Language = 'typescript' | 'module' | 'commonjs'

/** The text of a migration. @param name Its class: TypeORM reads the time from the last 13 digits. */
export function migrationText(name: string, { up, down }: SchemaDifference, language: Language): string {
  const isTyped = language === 'typescript'
  const parameter = isTyped ? 'runner: QueryRunner' : 'runner'
  const result = isTyped ? ': Promise<void>' : ''
  const method = (direction: string, statements: readonly MigrationStatement[]): string =>
    [`  async ${direction}(${parameter})${result} {`, ...statements.map(call), '  }'].join('\n')
  const types = isTyped ? "import type { MigrationInterface, QueryRunner } from 'typeorm'\n\n" : ''
  const head =
    language === 'commonjs' ? `exports.${name} = class ${name}` : `export class ${name}${isTyped ? ' implements MigrationInterface' : ''}`
  return `${types}${head} {\n  name = '${name}'\n\n${method('up', up)}\n\n${method('down', down)}\n}\n`
}

function call({ query, parameters = [] }: MigrationStatement): string {
  const text = query.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')
  return `    await runner.query(\`${text}\`${parameters.length > 0 ? `, ${JSON.stringify(parameters)}` : ''})`
}
