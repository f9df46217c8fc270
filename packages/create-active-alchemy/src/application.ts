import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Choices } from './choices.js'
import { namesOf } from './folder.js'
import { type Manifest, merged } from './manifest.js'
import { own } from './own.js'

/** The folders of the templates: as they are written, and their TypeScript without its types. */
const written = join(import.meta.dirname, '../template')
const withoutTypes = join(import.meta.dirname, 'javascript')

/** Writes an application, and overwrites nothing. @returns Its files, in order. */
export function makeApplication(folder: string, chosen: Choices): string[] {
  const files = filesOf(folder, chosen)
  for (const [path, text] of files) {
    const file = resolve(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { flag: 'wx' })
  }
  return [...files.keys()].sort()
}

/** The text of each file, laid over each other layer by layer: a later one has the last word, but for package.json, which all add to. */
function filesOf(folder: string, { framework, database, language: short }: Choices): Map<string, string> {
  const names = namesOf(folder)
  const language = short === 'ts' ? 'typescript' : 'javascript'
  const layers = ['common', framework, database, language, `${framework}-${language}`]
  const files = new Map<string, string>()
  const manifests: Manifest[] = []
  for (const layer of layers) {
    for (const [path, text] of textsIn(layer, language)) {
      const named = text.replaceAll('my-app', names.application).replaceAll('my_app', names.database)
      if (path === 'package.json') manifests.push(JSON.parse(named))
      else files.set(path.replace('_gitignore', '.gitignore'), onlyFor(database, named))
    }
  }
  const adapter = { dependencies: { [`@active-alchemy/${framework}`]: `^${own.version}` } }
  files.set('package.json', `${JSON.stringify(merged([...manifests, adapter]), undefined, 2)}\n`)
  // So that it runs at once; whoever clones it copies the example.
  files.set('.env', files.get('.env.example') ?? '')
  return files
}

/** The files of a layer, by their paths. */
function* textsIn(layer: string, language: 'typescript' | 'javascript'): Generator<[path: string, text: string]> {
  const isSource = (path: string): boolean => path.endsWith('.ts')
  for (const path of filesIn(join(written, layer))) {
    if (language === 'typescript' || !isSource(path)) yield [path, readFileSync(join(written, layer, path), 'utf8')]
  }
  if (language === 'typescript') return
  for (const path of filesIn(join(withoutTypes, layer))) yield [path, readFileSync(join(withoutTypes, layer, path), 'utf8')]
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
}

/** Takes out what stands between `# if other` and `# end`. */
function onlyFor(database: string, text: string): string {
  return text.replaceAll(/^# if (\w+)\n(.*?)^# end\n/gms, (_, name: string, part: string) => (name === database ? part : ''))
}
