import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import type { Table } from 'typeorm'
import { reflect } from '../schema/tables.js'
import type { Call, Command } from './command.js'
import { CommandError } from './command-error.js'
import { modelSource } from './model-source.js'

export const reflectCommand: Command = {
  name: 'reflect',
  summary: 'Writes the source of models for the tables that the database has.',
  about: [
    'TypeScript where the project is. A table with the columns of db.Model gets that base, any other db.BaseModel. Printed, unless --out',
    'names a file that is not there yet. A column whose type has no word here is a text, with a remark: read what was written.',
    'Exit codes: 0 written; 1 there are no tables, or the database cannot be asked.',
  ],
  options: { out: { takes: 'file', about: 'Where to write it, in place of the standard output.' } },
  async run(call) {
    const { project, terminal, options } = call
    const tables = await tablesOf(call)
    if (tables.length === 0) throw new CommandError('The database has no tables.')
    const given = options.get('out')
    const out = resolve(project.root, given ?? 'models')
    const path = relative(dirname(out), project.file)
      .split(sep)
      .join('/')
      .replace(/\.([cm]?)ts$/, '.$1js')
    const source = modelSource(tables, {
      db: path.startsWith('.') ? path : `./${path}`,
      isTypeScript: given === undefined ? project.isTypeScript : /\.[cm]?ts$/.test(given),
      nameOf: (table) => call.db.dataSource.driver.parseTableName(table).tableName,
    })
    if (given === undefined) {
      terminal.raw(source)
      return 0
    }
    if (existsSync(out)) throw new CommandError(`There is a file ${project.shown(out)} already. Name another, or take it away.`)
    await mkdir(dirname(out), { recursive: true })
    await writeFile(out, `${source}\n`, { flag: 'wx' })
    terminal.line(`${project.shown(out)}: ${tables.length} ${tables.length === 1 ? 'model' : 'models'}. Read it.`, {
      word: 'written',
      colour: 'green',
    })
    return 0
  },
}

/** Those of the application: what TypeORM keeps for itself is none. */
async function tablesOf({ db: { dataSource } }: Call): Promise<Table[]> {
  const { driver, options } = dataSource
  const own = new Set([options.migrationsTableName ?? 'migrations', options.metadataTableName ?? 'typeorm_metadata', 'query-result-cache'])
  return (await reflect(dataSource)).filter(({ name }) => !own.has(driver.parseTableName(name).tableName))
}
