import { expect, it } from 'vitest'
import { Terminal } from '../src/cli/terminal.js'

/** What a terminal wrote to outputs that are looked at, or not, and show colours, or not. */
function written(isTTY: boolean, hasColors: boolean): string[] {
  const texts: string[] = []
  const output = { isTTY, hasColors: () => hasColors, write: (text: string) => texts.push(text) }
  const terminal = new Terminal(output, output)
  terminal.line('all', { word: 'ok', colour: 'green' })
  terminal.error('bad')
  return texts
}

it('prints in colour where somebody looks at it who wants it', () => {
  expect(written(true, true)).toEqual(['\u001B[32mok\u001B[39m       all\n', '\u001B[31merror\u001B[39m: bad\n'])
  expect(written(true, false)).toEqual(['ok       all\n', 'error: bad\n'])
  expect(written(false, true)).toEqual(['ok       all\n', 'error: bad\n'])
})

it.each([
  ['at postgresql://me:secret@host/x and mysql://a:b@h', 'at postgresql://me:***@host/x and mysql://a:***@h'],
  ['redis://:se/cr@t@host', 'redis://:***@host'],
  ['https://example.org:80/a', 'https://example.org:80/a'],
])('prints no password: %s', (given, shown) => {
  const texts: string[] = []
  const output = { write: (text: string) => texts.push(text) }
  new Terminal(output, output).line(given)
  expect(texts).toEqual([`${shown}\n`])
})
