import { expect, it } from 'vitest'
import { floorOf, reaches } from '../src/cli/packages.ts'

it.each([
  ['12.0.0', true],
  ['12.0.1', true],
  ['13.2.0', true],
  ['11.9.9', false],
  ['2.99.99', false],
])('%s reaches 12.0.0: %s', (version, isEnough) => {
  expect(reaches(version, '12.0.0')).toBe(isEnough)
})

it('the floor of a package is what the manifest asks for', () => {
  expect(floorOf('typeorm')).toMatch(/^\d+\.\d+\.\d+$/)
  expect(floorOf('left-pad')).toBeUndefined()
})
