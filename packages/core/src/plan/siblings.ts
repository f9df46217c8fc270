import type { ObjectLiteral } from 'typeorm'

/** Of a larger result so many records each are together: one that is kept keeps the others of its group. */
export const siblingLimit = 1_000

/** Records that came in one result: what one of them loads, is loaded for all. */
export class Siblings {
  readonly records: ObjectLiteral[] = []
  /** Relations that are being loaded, and for whom. */
  readonly #loading = new Map<string, { readonly turn: object; readonly done: Promise<unknown> }>()

  /** Whether they were related to other records: those that came in a result of their own before stay together. */
  readonly areRelated: boolean

  constructor(areRelated: boolean) {
    this.areRelated = areRelated
  }

  /** A load of this relation that is under way in the same turn, for all of them. */
  loading(relation: string, turn: object): Promise<unknown> | undefined {
    const known = this.#loading.get(relation)
    return known?.turn === turn ? known.done : undefined
  }

  /** Notes a load of a relation, while it is under way. @param turn Whose statements it may wait for. */
  async note(relation: string, turn: object, done: Promise<unknown>): Promise<void> {
    const noted = { turn, done }
    this.#loading.set(relation, noted)
    try {
      await done
    } finally {
      if (this.#loading.get(relation) === noted) this.#loading.delete(relation)
    }
  }
}
