import { Column, Entity, PrimaryGeneratedColumn, Tree, TreeChildren, TreeParent } from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

@Entity()
@Tree('closure-table')
class Branch {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @TreeParent({ onDelete: 'CASCADE' }) declare parent: Branch | null
  @TreeChildren({ cascade: true }) declare children: Branch[]
}

@Entity()
@Tree('materialized-path')
class Chapter {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @TreeParent({ onDelete: 'CASCADE' }) declare parent: Chapter | null
  @TreeChildren({ cascade: true }) declare children: Chapter[]
}

@Entity()
@Tree('nested-set')
class Region {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @TreeParent({ onDelete: 'CASCADE' }) declare parent: Region | null
  @TreeChildren({ cascade: true }) declare children: Region[]
}

type Node = Branch | Chapter | Region
const kinds = { 'a closure table': Branch, 'a materialized path': Chapter, 'a nested set': Region }

/** root › (left › leaf, right). */
async function grown({ app }: World, Kind: new () => Node): Promise<Record<'root' | 'left' | 'leaf' | 'right', Node>> {
  const tree = app.getTreeRepository<Node>(Kind)
  const grow = (name: string, parent: Node | null): Promise<Node> => tree.save(tree.create({ name, parent } as Node))
  const root = await grow('root', null)
  const left = await grow('left', root)
  return { root, left, leaf: await grow('leaf', left), right: await grow('right', root) }
}

const names = (nodes: readonly Node[]): string[] => nodes.map(({ name }) => name).toSorted()

const ofKind = (Kind: new () => Node): Topic['rows'] => ({
  'gives roots, descendants and ancestors, and their number': async (world) => {
    const { root, left, leaf } = await grown(world, Kind)
    const tree = world.app.getTreeRepository<Node>(Kind)
    expect(names(await tree.findRoots())).toEqual(['root'])
    expect(names(await tree.findDescendants(root))).toEqual(['leaf', 'left', 'right', 'root'])
    expect(names(await tree.findAncestors(leaf))).toEqual(['leaf', 'left', 'root'])
    expect([await tree.countDescendants(left), await tree.countAncestors(leaf)]).toEqual([2, 3])
  },
  'builds trees down and up': async (world) => {
    const { root, leaf } = await grown(world, Kind)
    const tree = world.app.getTreeRepository<Node>(Kind)
    const down = await tree.findDescendantsTree(root)
    expect(names(down.children)).toEqual(['left', 'right'])
    expect(down.children.find(({ name }) => name === 'left')?.children).toMatchObject([{ name: 'leaf', children: [] }])
    expect((await tree.findAncestorsTree(leaf)).parent).toMatchObject({ name: 'left', parent: { name: 'root' } })
    expect(await tree.findTrees()).toHaveLength(1)
  },
  'builds trees as deep as it is asked': async (world) => {
    await grown(world, Kind)
    const [root] = await world.app.getTreeRepository<Node>(Kind).findTrees({ depth: 1 })
    expect(root?.children.map(({ children }) => children)).toEqual([[], []])
  },
  'is saved from its root with all children': async (world) => {
    const tree = world.app.getTreeRepository<Node>(Kind)
    const children = [{ name: 'left', children: [{ name: 'leaf' }] }, { name: 'right' }]
    const root = await tree.save(tree.create({ name: 'root', children } as Node))
    expect(names(await tree.findDescendants(root))).toEqual(['leaf', 'left', 'right', 'root'])
  },
  'takes a row without a change of its place': async (world) => {
    const { left, root } = await grown(world, Kind)
    const tree = world.app.getTreeRepository<Node>(Kind)
    await tree.save({ id: left.id, name: 'Left' } as Node)
    expect(names(await tree.findDescendants(root))).toEqual(['Left', 'leaf', 'right', 'root'])
  },
  'moves a branch with all below it': async (world) => {
    const { left, right } = await grown(world, Kind)
    const tree = world.app.getTreeRepository<Node>(Kind)
    left.parent = right as never
    await tree.save(left)
    expect(names(await tree.findDescendants(right))).toEqual(['leaf', 'left', 'right'])
  },
  'is asked by builders of its descendants and ancestors': async (world) => {
    const { root, leaf } = await grown(world, Kind)
    const tree = world.app.getTreeRepository<Node>(Kind)
    const below = tree.createDescendantsQueryBuilder('node', 'nodeClosure', root).andWhere('node.name like :l', { l: 'l%' })
    expect(names(await below.getMany())).toEqual(['leaf', 'left'])
    expect(await tree.createAncestorsQueryBuilder('node', 'nodeClosure', leaf).getCount()).toBe(3)
  },
})

const named = ([kind, Kind]: [string, new () => Node]): [string, Topic['rows'][string]][] =>
  Object.entries(ofKind(Kind)).map(([title, row]) => [`${kind}: ${title}`, row])

/** Trees of three kinds. */
export const trees: Topic = {
  title: 'trees',
  options: { entities: [Branch, Chapter, Region] },
  rows: {
    ...Object.fromEntries(Object.entries(kinds).flatMap(named)),
    'a closure table: has several roots, and a row becomes one': async (world) => {
      const { left } = await grown(world, Branch)
      const tree = world.app.getTreeRepository(Branch)
      await tree.save({ id: left.id, parent: null })
      expect(names(await tree.findRoots())).toEqual(['left', 'root'])
    },
    'a closure table: a removed branch leaves the rest': async (world) => {
      const { left } = await grown(world, Branch)
      const tree = world.app.getTreeRepository(Branch)
      await tree.delete(left.id)
      expect(names(await tree.find())).toEqual(['right', 'root'])
    },
    'a nested set: a removed leaf leaves the numbers right': async (world) => {
      const { leaf, root } = await grown(world, Region)
      const tree = world.app.getTreeRepository(Region)
      await tree.remove(leaf as Region)
      expect(names(await tree.findDescendants(root as Region))).toEqual(['left', 'right', 'root'])
    },
  },
  outside: {
    'a nested set: has one root': async (world) => {
      await grown(world, Region)
      await expect(world.repo(Region).save({ name: 'other' })).rejects.toThrow(/multiple root/i)
    },
  },
}
