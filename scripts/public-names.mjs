// Each name that a package exports is told about where it is defined: what it is, since when, and how a value of it is used.
import { join } from 'node:path'
import ts from 'typescript'
import { libraries, root } from './packed.mjs'

const options = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  skipLibCheck: true,
  types: ['node'],
}
const parts = ['http', 'testing'].map((part) => `packages/core/src/${part}/index.ts`)
const entries = [...libraries.map((name) => `packages/${name}/src/index.ts`), ...parts].map((path) => join(root, path))
const program = ts.createProgram(entries, options)
const checker = program.getTypeChecker()
const seen = new Set()
const lacking = []

for (const entry of entries) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry))
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    const declaration = symbol.declarations?.find(
      (each) => each.getSourceFile().fileName.includes('/packages/') && !each.getSourceFile().fileName.includes('/dist/'),
    )
    if (!declaration || seen.has(symbol)) continue
    seen.add(symbol)
    const tags = new Map(symbol.getJsDocTags(checker).map(({ name, text }) => [name, ts.displayPartsToString(text)]))
    const isTypeOnly = exported.declarations?.some(
      (each) => ts.isExportSpecifier(each) && (each.isTypeOnly || each.parent.parent.isTypeOnly),
    )
    const isValue = !isTypeOnly && (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Function | ts.SymbolFlags.Variable)) !== 0
    const isError = symbol.name.endsWith('Error')
    const lacks = [
      ...(symbol.getDocumentationComment(checker).length > 0 ? [] : ['a docstring']),
      ...(/^\d+\.\d+$/.test(tags.get('since') ?? '') ? [] : ['@since']),
      // An error is shown where it is thrown; the parts that adapters are made of are shown by the adapters.
      ...(!isValue || isError || entry.includes('/http/') || tags.has('example') ? [] : ['@example']),
    ]
    const { line } = declaration.getSourceFile().getLineAndCharacterOfPosition(declaration.getStart())
    const place = `${declaration.getSourceFile().fileName.slice(root.length + 1)}:${line + 1}`
    if (lacks.length > 0) lacking.push(`${place} ${exported.name} lacks ${lacks.join(' and ')}`)
  }
}
for (const each of lacking) console.error(each)
if (seen.size === 0) throw new Error('No public name was found')
process.exitCode = lacking.length === 0 ? 0 : 1
