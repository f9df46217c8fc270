import { type Type, UseFilters, UseInterceptors } from '@nestjs/common'
import { MetadataScanner, type ModulesContainer } from '@nestjs/core'
import type { Binding } from './binding.js'
import { AlchemyInterceptor, bindings } from './message-scope.js'
import { WitnessFilter } from './witness-filter.js'

/** Keys under which Nest's decorators keep what they say. */
const keys = {
  filters: '__exceptionFilters__',
  sse: '__sse__',
  message: 'microservices:pattern',
  gateway: 'websockets:is_gateway',
} as const

const witness = new WitnessFilter()
const interceptor = new AlchemyInterceptor()
const scanner = new MetadataScanner()

/** A class serves every application of the process; what was put on it stays. */
const prepared = new WeakSet<object>()

/**
 * Puts the boundary on what answers messages, and the witness before the filters of a controller or a handler.
 *
 * Nest reads decorators while it makes the handlers, which for messages is before any hook of a module: call it when the
 * modules are known.
 */
export function prepareHandlers(modules: ModulesContainer, binding: Binding): void {
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype } of [...controllers.values(), ...providers.values()]) {
      if (!isClass(metatype)) continue
      bindings.set(metatype, binding)
      if (!prepared.has(metatype)) prepare(metatype)
    }
  }
}

function prepare(target: Type): void {
  prepared.add(target)
  if (Reflect.hasMetadata(keys.filters, target)) UseFilters(witness)(target)
  if (Reflect.hasMetadata(keys.gateway, target)) UseInterceptors(interceptor)(target)
  const prototype: object = target.prototype
  for (const name of scanner.getAllMethodNames(prototype)) {
    const method: unknown = Reflect.get(prototype, name)
    if (typeof method !== 'function' || prepared.has(method)) continue
    prepared.add(method)
    const descriptor = { value: method }
    if (Reflect.hasMetadata(keys.filters, method)) UseFilters(witness)(prototype, name, descriptor)
    const streams = Reflect.hasMetadata(keys.sse, method) || Reflect.hasMetadata(keys.message, method)
    if (streams) UseInterceptors(interceptor)(prototype, name, descriptor)
  }
}

function isClass(value: unknown): value is Type {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null
}
