import type { ObjectLiteral } from 'typeorm'

/** Results up to here are held as they are; of a larger one each record is held weakly, so that one that is kept keeps few others. */
const heldWhole = 500

/** Records that came in one result: what one of them loads, is loaded for all. */
export class Siblings {
  #records: readonly (ObjectLiteral | WeakRef<ObjectLiteral>)[] = []
  /** Relations that are being loaded, and for whom. */
  readonly #loading = new Map<string, { readonly turn: object; readonly done: Promise<unknown> }>()

  /** Whether they were related to other records: those that came in a result of their own before stay together. */
  readonly areRelated: boolean

  constructor(areRelated: boolean) {
    this.areRelated = areRelated
  }

  /** Takes the records of the result. */
  hold(records: readonly ObjectLiteral[]): void {
    this.#records = records.length <= heldWhole ? records : records.map((record) => new WeakRef(record))
  }

  /** Those that are still there. */
  *alive(): Generator<ObjectLiteral, void, undefined> {
    for (const each of this.#records) {
      const record: unknown = each instanceof WeakRef ? each.deref() : each
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is held is a record
      if (record !== undefined) yield record as ObjectLiteral
    }
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
