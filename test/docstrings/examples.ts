import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const packages = join(import.meta.dirname, '../../packages')

/** An example in the comment of a symbol. */
export interface Example {
  /** `core/src/query/query.ts Query.filter`, and a number behind it from the second one on. */
  readonly name: string
  /** The package that it is an example of. */
  readonly library: string
  /** Path of the source, from `packages` on. */
  readonly file: string
  readonly text: string
}

/** What begins another part of a comment; `@` and a capital or a dot is a decorator of the example. */
const nextTag = /^@(?:param|returns|throws|since|default|typeParam|see|example|internal|deprecated)\b/

/** Every source, from `packages` on. */
function sources(): { readonly library: string; readonly file: string }[] {
  return readdirSync(packages).flatMap((library) => {
    const files = readdirSync(join(packages, library, 'src'), { recursive: true, encoding: 'utf8' })
    const written = files.filter((file) => file.endsWith('.ts')).sort()
    return written.map((file) => ({ library, file: join(library, 'src', file) }))
  })
}

/** Every example in the comments of the sources. */
export function examples(): Example[] {
  return sources().flatMap(({ library, file }) => examplesIn(library, file))
}

/** How often the sources say that there is one, however it is read. */
export function tags(): number {
  return sources().reduce((sum, { file }) => sum + textOf(file).split(/ @example\b/).length - 1, 0)
}

function textOf(file: string): string {
  return readFileSync(join(packages, file), 'utf8')
}

function examplesIn(library: string, file: string): Example[] {
  const text = textOf(file)
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: Example[] = []
  const seen = new Set<number>()
  const visit = (node: ts.Node): void => {
    for (const { pos, end } of ts.getLeadingCommentRanges(text, node.pos) ?? []) {
      const comment = text.slice(pos, end)
      if (seen.has(pos) || !comment.startsWith('/**')) continue
      seen.add(pos)
      for (const each of examplesOf(comment)) {
        const name = `${file} ${nameOf(node)}`
        const count = found.filter((other) => other.name.replace(/ \d+$/, '') === name).length
        found.push({ name: count === 0 ? name : `${name} ${count + 1}`, library, file, text: each })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The examples of one comment, without its stars. */
function examplesOf(comment: string): string[] {
  const lines = comment
    .slice(3, -2)
    // Short ones stand on the line of what they are about.
    .replaceAll(/ (?=@(?:example|since)\b)/g, '\n')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
  const found: string[][] = []
  let open: string[] | undefined
  for (const line of lines) {
    if (/^@example\b/.test(line)) found.push((open = [line.slice('@example'.length).trim()]))
    else if (nextTag.test(line)) open = undefined
    else open?.push(line)
  }
  return found.map((each) => each.join('\n').trim())
}

/** `Query.filter`: the name of what is documented, and of what it stands in. */
function nameOf(node: ts.Node): string {
  const own = ownNameOf(node)
  const { parent } = node
  const outer = parent && !ts.isSourceFile(parent) ? nameOf(parent) : ''
  return [outer, own].filter(Boolean).join('.')
}

function ownNameOf(node: ts.Node): string {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations.map(({ name }) => name.getText()).join(', ')
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const { name }: { readonly name?: ts.Node } & ts.Node = node
  return ts.isVariableDeclaration(node) || !name ? '' : name.getText()
}
