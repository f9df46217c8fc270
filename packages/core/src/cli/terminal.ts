/** Where lines go: `process.stdout` and `process.stderr`. */
export interface Output {
  write(text: string): unknown
  /** Whether somebody looks at it. */
  readonly isTTY?: boolean
  /** Whether it shows colours; Node.js asks NO_COLOR and TERM. */
  hasColors?(): boolean
}

const colours = { green: 32, red: 31, yellow: 33, dim: 90 }

/** What is printed: one line at a time, without the password of any URI, in colour only where somebody looks at it. */
export class Terminal {
  readonly #out: Output
  readonly #error: Output

  constructor(out: Output, error: Output) {
    this.#out = out
    this.#error = error
  }

  /** One line. @param mark A word before it. */
  line(text: string, mark?: { readonly word: string; readonly colour: keyof typeof colours }): void {
    const shown = mark ? `${painted(mark.word, mark.colour, this.#out)}${' '.repeat(Math.max(1, 9 - mark.word.length))}` : ''
    this.#out.write(`${shown}${withoutPasswords(text)}\n`)
  }

  /** Text for programs, as it is. */
  raw(text: string): void {
    this.#out.write(`${text}\n`)
  }

  /** What went wrong. */
  error(text: string): void {
    this.#error.write(`${painted('error', 'red', this.#error)}: ${withoutPasswords(text)}\n`)
  }

  /** The end of all output, and of the process: what the application has opened otherwise may keep it alive. */
  exit(code: number): void {
    this.#error.write('')
    process.stdout.write('', () => process.exit(code))
  }
}

function painted(word: string, colour: keyof typeof colours, output: Output): string {
  return output.isTTY && output.hasColors?.() ? `\u001B[${colours[colour]}m${word}\u001B[39m` : word
}

/** `***` for the password of each URI in a text, also of one whose password was not encoded. */
function withoutPasswords(text: string): string {
  return text.replace(/(\w:\/\/[^\s/:@]*):\S*@/g, '$1:***@')
}
