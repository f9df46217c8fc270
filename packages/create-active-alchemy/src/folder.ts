import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'

/** Why no application is made in a folder; `undefined` where it may be: it is empty, or not there yet, and its name can be a package's. */
export function problemOf(folder: string): string | undefined {
  const at = resolve(folder)
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(basename(at))) {
    return `${basename(at)} can be no name of a package: take small letters, digits and - alone.`
  }
  if (!existsSync(at)) return undefined
  if (!statSync(at).isDirectory()) return `${folder} is a file.`
  return readdirSync(at).length === 0 ? undefined : `${folder} has something in it. Name another folder, or empty it.`
}

/** The names by which the application knows itself. */
export function namesOf(folder: string): { readonly application: string; readonly database: string } {
  const application = basename(resolve(folder))
  return { application, database: application.replaceAll(/[^a-z0-9]+/g, '_').replace(/^(?=\d)/, '_') }
}
