/** A class of models. Its constructor's parameters are nobody's business here, which `never[]` says. @since 0.1 */
export type ModelClass<T extends object = object> = abstract new (...values: never[]) => T

/** The classes from the library's own base to `target`, whose columns it has. */
// oxlint-disable-next-line typescript/no-unsafe-function-type -- what TypeORM calls a target
export function lineage(target: Function): Function[] {
  const classes: Function[] = []
  for (let each: unknown = target; typeof each === 'function' && each !== Function.prototype; each = Object.getPrototypeOf(each)) {
    classes.unshift(each)
  }
  return classes
}

/** The names that a setting lists: one, several or none. */
export function namesIn(target: object, setting: string): unknown[] {
  const names: unknown = Reflect.get(target, setting)
  return names === undefined ? [] : [names].flat()
}
