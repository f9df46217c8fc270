import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isObject } from '../options.js'

/** This package, as it says itself. */
export const own = manifestAt(join(import.meta.dirname, '../..'))

/** The version of a package as a project finds it; `undefined` where it has none. */
export function versionOf(name: string, root: string): string | undefined {
  let at: string
  try {
    at = dirname(createRequire(join(root, 'package.json')).resolve(name))
  } catch {
    return undefined
  }
  for (; at !== dirname(at); at = dirname(at)) {
    const manifest = existsSync(join(at, 'package.json')) ? manifestAt(at) : undefined
    if (manifest?.['name'] === name) return textOf(manifest['version'])
  }
  return undefined
}

/** The oldest version of a package that this one works with. */
export function floorOf(name: string): string | undefined {
  const peers: unknown = own['peerDependencies']
  return isObject(peers) && name in peers ? textOf(Reflect.get(peers, name))?.replace('^', '') : undefined
}

/** Whether a version is not below the floor; of a newer major version npm itself says that it is out of range. */
export function reaches(version: string, floor: string): boolean {
  const [own = [], least = []] = [version, floor].map((text) => text.split(/[.-]/, 3).map(Number))
  for (const index of [0, 1, 2]) {
    const [part = 0, needed = 0] = [own[index], least[index]]
    if (part !== needed) return part > needed
  }
  return true
}

function manifestAt(folder: string): Record<string, unknown> {
  const read: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return isObject(read) ? { ...read } : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
