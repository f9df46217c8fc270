/**
 * Decorates a class, as `@` does in TypeScript: JavaScript has none yet.
 *
 * @param {Function} type
 * @param {Function} decorator Of the class.
 * @param {Record<string, [decorators: Function[], ...parameters: Function[]]>} [methods] Of each method, and of its parameters.
 */
export function decorate(type, decorator, methods = {}) {
  for (const [name, [decorators, ...parameters]] of Object.entries(methods)) {
    const method = Object.getOwnPropertyDescriptor(type.prototype, name)
    parameters.forEach((each, index) => each(type.prototype, name, index))
    for (const each of decorators) each(type.prototype, name, method)
  }
  decorator(type)
}
