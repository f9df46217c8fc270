import { InvalidOptionError } from '../errors.js'
import { codeText } from './code-text.js'
import { type ColumnType, refuse } from './column-type.js'
import { acceptText } from './string.js'

/** A choice as a form shows it. @since 0.2 */
export interface Choice<Code extends string> {
  readonly value: Code
  readonly label: string
}

/** A type of a few codes, with what each is called. @since 0.2 */
export interface ChoiceColumnType<Code extends string> extends ColumnType<Code, `${Code}`> {
  /** What a code is called: its label, or itself. */
  labelOf(code: `${Code}`): string
  /** The choices in the order in which they were given, for a form. */
  options(): Choice<Code>[]
}

/** The longest code: that of the original. */
const longest = 255

/**
 * One of a few codes; the table has a CHECK that holds them. `db.Enum` is the same.
 *
 * @param choices A list of codes, of `[code, label]`, or an enum whose members are texts; the name of a member is its label.
 * @throws {InvalidOptionError} There is no choice, one of them is no text of 1 to 255 characters, or one stands there twice.
 * @since 0.2
 * @example
 * class Order extends db.Model('Order', { state: db.Column(db.ChoiceType(['open', ['paid', 'Paid in full']]), { default: 'open' }) }) {}
 * @example
 * enum Role {
 *   Admin = 'admin',
 *   Guest = 'guest',
 * }
 * class Member extends db.Model('Member', { role: db.Column(db.Enum(Role)) }) {}
 */
export function ChoiceType<const Code extends string>(
  choices: readonly (Code | readonly [code: Code, label: string])[],
): ChoiceColumnType<Code>
export function ChoiceType<const Enumeration extends Readonly<Record<string, string>>>(
  choices: Enumeration,
): ChoiceColumnType<Enumeration[keyof Enumeration]>
export function ChoiceType(choices: unknown): ChoiceColumnType<string> {
  const labels = labelsOf(choices)
  const codes = [...labels.keys()]
  const shown = codes.slice(0, 10).join(', ') + (codes.length > 10 ? ', …' : '')
  return {
    kind: 'string',
    typeName: 'ChoiceType',
    storage: (database) => codeText(database, longest),
    accept(value) {
      if (typeof value !== 'string' || !labels.has(value)) refuse(`one of ${shown}`, value)
      return value
    },
    jsonSchema: { type: 'string', enum: codes },
    check: ({ column, literal }) => `${column} IN (${codes.map(literal).join(', ')})`,
    labelOf: (code) => labels.get(code) ?? code,
    options: () => codes.map((value) => ({ value, label: labels.get(value) ?? value })),
  }
}

/** Labels by code. */
function labelsOf(choices: unknown): Map<string, string> {
  const isList = Array.isArray(choices)
  const entries = isList
    ? choices.map((each: unknown) => (Array.isArray(each) ? (each as unknown[]) : [each, each]))
    : Object.entries(typeof choices === 'object' && choices !== null ? choices : {}).map(([label, code]) => [code, label])
  const labels = new Map<string, string>()
  for (const [code, label] of entries) {
    if (!isCode(code) || !isCode(label) || labels.has(code)) {
      throw new InvalidOptionError(
        'ChoiceType(choices)',
        'different texts of 1 to 255 characters, as codes, [code, label] or an enum',
        code,
      )
    }
    labels.set(code, label)
  }
  if (labels.size === 0) throw new InvalidOptionError('ChoiceType(choices)', 'one choice at least', choices)
  return labels
}

function isCode(value: unknown): value is string {
  try {
    return acceptText(value, longest) !== ''
  } catch {
    return false
  }
}
