// Every link of the documents leads to a file that is there, and to a heading in it; those of the site stay in the site.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { packages, root } from './packed.mjs'

const markdownIn = (folder, options) =>
  readdirSync(join(root, folder), options).flatMap((file) => (file.endsWith('.md') ? [join(folder, file)] : []))

const documents = [
  ...['.', 'bench', 'examples', ...packages.map((name) => `packages/${name}`)].flatMap((folder) => markdownIn(folder)),
  ...markdownIn('docs', { recursive: true }).filter((path) => !/node_modules|\.vitepress|reference\/api\//.test(path)),
]
/** Made from the docstrings when the site is built. */
const isMade = (path) => path.startsWith('docs/reference/api/')
const read = (path) => readFileSync(join(root, path), 'utf8')
const withoutCode = (text) => text.replaceAll(/^```.*?^```/gms, '')

/** The anchors of a document's headings. */
const anchors = (path) =>
  [...withoutCode(read(path)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(/ +/g, '-'),
  )

const broken = []
for (const document of documents) {
  for (const [, target] of withoutCode(read(document)).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
    const [path, anchor] = target.split('#')
    const file = path === '' ? document : relative(root, join(root, dirname(document), path))
    const say = (what) => broken.push(`${document}: (${target}) ${what}`)
    if (isMade(file)) continue
    if (!existsSync(join(root, file))) say('is not there')
    else if (document.startsWith('docs/') && !file.startsWith('docs/') && !file.endsWith('.svg')) say('leads out of the site')
    else if (document.startsWith('docs/') && statSync(join(root, file)).isDirectory()) say('is a folder')
    else if (anchor !== undefined && file.endsWith('.md') && !anchors(file).includes(anchor)) say('has no such heading')
  }
}
for (const each of broken) console.error(each)
if (documents.length === 0) throw new Error('No document was found')
process.exitCode = broken.length === 0 ? 0 : 1
