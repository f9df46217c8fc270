/** Its constructor gives back the object that it is told: the fields of a class that extends it are put on that object. */
// oxlint-disable-next-line typescript/no-extraneous-class -- as said
class Told {
  constructor(object: object) {
    // oxlint-disable-next-line no-constructor-return -- that is what it is for
    return object
  }
}

/** A field of objects that only its owner sees. */
export interface HiddenField<Value> {
  /** The value that `object` has; `undefined` where none was set. */
  get(object: object): Value | undefined
  set(object: object, value: Value): void
}

/**
 * Makes a field that no list of keys, copy, print or JSON of an object shows, and that frozen objects take too.
 *
 * It is a private field, put on objects of any class. To a `WeakMap`, which does the same, a new object costs some ten times as much, and
 * the garbage collector has to look through the map for it.
 */
export function hiddenField<Value>(): HiddenField<Value> {
  return class Field extends Told {
    #value: Value

    constructor(object: object, value: Value) {
      super(object)
      this.#value = value
    }

    static get(object: object): Value | undefined {
      return #value in object ? object.#value : undefined
    }

    static set(object: object, value: Value): void {
      if (#value in object) object.#value = value
      else void new Field(object, value)
    }
  }
}
