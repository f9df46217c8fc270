import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'
import { expect, type MockInstance, vi } from 'vitest'

const root = join(import.meta.dirname, '..')

/** The code of a document, block by block. */
export function blocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text = '']) => text)
}

/** `page.total // 45`: the line is held to what it says. */
export function held(text: string): string {
  const literal = /\[(?:[^a-z]|null|true|false)*?\]|-?\d[\d_.]*n?|true|false|null|'[^']*'/
  const line = new RegExp(`^(?!console|assert|const|return|import|export|//)(\\S[^=\\n]*?) +// (${literal.source})(?=$|[,;:] )`, 'gm')
  return text.replace(line, (whole, value: string, expected: string) => `held(${value}, ${expected}) // ${JSON.stringify(whole)}`)
}

/** Writes programs beside each other, by their names, as TypeScript is compiled here. */
export function writePrograms(folder: string, programs: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of programs) writeFileSync(join(folder, `${name}.ts`), text)
  const words = ['held(value: unknown, expected: unknown): void', 'sent(value: unknown): Promise<unknown>']
  writeFileSync(join(folder, 'words.d.ts'), words.map((word) => `declare function ${word}\n`).join(''))
  const compilerOptions = {
    noEmit: true,
    composite: false,
    declaration: false,
    declarationMap: false,
    noPropertyAccessFromIndexSignature: false,
    allowImportingTsExtensions: true,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }))
}

/** Compiles what was written. @throws What the compiler says. */
export function compilePrograms(folder: string): void {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript7/bin/tsc'), '-p', folder], { stdio: 'inherit' })
}

/** Lets programs hold lines to what they say; `vi.unstubAllGlobals` ends it. */
export function holdLines(): void {
  vi.stubGlobal('held', (value: unknown, expected: unknown) => expect(value).toEqual(expected))
}

/** Runs a program. @returns What it shows that it prints, and has not printed. */
export async function unsaidBy(path: string, text: string): Promise<string[]> {
  const said: string[] = []
  const spies: MockInstance[] = (['log', 'table'] as const).map((way) =>
    vi.spyOn(console, way).mockImplementation((...values: unknown[]) => void said.push(format(...values))),
  )
  try {
    await import(path)
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  // console.log(user.name) // Ada: and why
  const shown = [...text.matchAll(/console\.log\(.* \/\/ (.*)$/gm)].map(([, each = '']) => each)
  const isSaid = (each: string): boolean =>
    said.some((line) => each === line || each.startsWith(`${line}:`) || (each.endsWith('…') && line.startsWith(each.slice(0, -1).trim())))
  return shown.filter((each) => !isSaid(each))
}
