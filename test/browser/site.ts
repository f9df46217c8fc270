import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the built site. */
export const site = fileURLToPath(new URL('../../docs/.vitepress/dist', import.meta.url))

/** Its pages, but for the one that tells of a page that is not there. */
function pages(): string[] {
  return readdirSync(site, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.html') && path !== '404.html')
    .sort()
}

const isReference = (path: string): boolean => path.startsWith('reference/api/')

/** Pages that people have written. */
export const writtenPages = (): string[] => pages().filter((path) => !isReference(path))

/** Pages that are made from docstrings. */
export const referencePages = (): string[] => pages().filter(isReference)

/** Of the reference one page of each kind and package, the shortest: what they have in common is seen on it. */
export function referenceKinds(): string[] {
  const length = (path: string): number => statSync(join(site, path)).size
  const byLength = referencePages().sort((one, other) => length(other) - length(one))
  return [...new Map(byLength.map((path) => [dirname(path), path])).values()]
}

const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }

/** The title that a page has in its file. */
export function titleOf(path: string): string {
  const [, title = ''] = /<title>(.*?)<\/title>/.exec(readFileSync(join(site, path), 'utf8')) ?? []
  return title.replace(/&(amp|lt|gt|quot);/g, (entity, name: string) => characters[name] ?? entity)
}
