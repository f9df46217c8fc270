import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A page of the site: its path without an ending, and its title in the sidebar. */
export interface Page {
  readonly path: string
  readonly title: string
}

/** What is written, and where. */
interface Site {
  /** The folder of the pages. */
  readonly docs: string
  /** The folder of the built site. */
  readonly out: string
  /** Where the site lies on its host. */
  readonly base: string
  readonly title: string
  readonly summary: string
  readonly groups: readonly [heading: string, pages: readonly Page[]][]
}

/**
 * Writes what programs read: the pages as Markdown beside the HTML, `llms.txt`, which lists them with their first sentences, and
 * `llms-full.txt`, which is all of them in one.
 */
export function writeForPrograms({ docs, out, base, title, summary, groups }: Site): void {
  const list = [`# ${title}`, '', `> ${summary}.`, '']
  const full = [`# ${title}`, '', `${summary}.`, '']
  for (const [heading, pages] of groups) {
    list.push(`## ${heading}`, '')
    for (const { path, title: name } of pages) {
      const text = readFileSync(join(docs, `${path}.md`), 'utf8').replace(/^<!--.*?-->\s*/s, '')
      mkdirSync(dirname(join(out, path)), { recursive: true })
      cpSync(join(docs, `${path}.md`), join(out, `${path}.md`))
      list.push(`- [${name}](${base}${path}.md): ${firstSentence(text)}`)
      full.push('---', '', text.trim(), '')
    }
    list.push('')
  }
  writeFileSync(join(out, 'llms.txt'), list.join('\n'))
  writeFileSync(join(out, 'llms-full.txt'), full.join('\n'))
}

/** The first sentence of a page's first paragraph, without its marks. */
function firstSentence(markdown: string): string {
  const paragraph = /^(?![#|!<-])\S[^]*?(?=\n\n)/m.exec(markdown.replaceAll(/^```.*?^```/gms, ''))?.[0] ?? ''
  const plain = paragraph
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*`]/g, '')
  return /^.*?[.:](?= |$)/.exec(plain)?.[0].replace(/:$/, '.') ?? plain
}
