import {
  Brackets,
  Column,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  NotBrackets,
  OneToMany,
  PrimaryGeneratedColumn,
  type SelectQueryBuilder,
} from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

@Entity()
class Team {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @OneToMany(
    () => Player,
    (player) => player.team,
  )
  declare players: Player[]
  declare captain?: Player
  declare best?: Player[]
}

@Entity()
class Player {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @Column('int') declare goals: number
  @ManyToOne(
    () => Team,
    (team) => team.players,
    { nullable: true },
  )
  declare team: Team | null
  @ManyToMany(() => Prize)
  @JoinTable()
  declare prizes: Prize[]
  declare prizeIds?: number[]
}

@Entity()
class Prize {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare label: string
}

/** Reds: Ann 3 (cup, medal), Ben 1. Blues: Cid 5 (cup). Dan 2, in no team. Greens have nobody. */
async function season({ repo }: World): Promise<{ cup: Prize }> {
  const [reds, blues] = await repo(Team).save([{ name: 'Reds' }, { name: 'Blues' }, { name: 'Greens' }] as Team[])
  const [cup, medal] = (await repo(Prize).save([{ label: 'cup' }, { label: 'medal' }])) as [Prize, Prize]
  await repo(Player).save([
    { name: 'Ann', goals: 3, team: reds, prizes: [cup, medal] },
    { name: 'Ben', goals: 1, team: reds, prizes: [] },
    { name: 'Cid', goals: 5, team: blues, prizes: [cup] },
    { name: 'Dan', goals: 2, team: null, prizes: [] },
  ] as Player[])
  return { cup }
}

const players = ({ repo }: World): SelectQueryBuilder<Player> => repo(Player).createQueryBuilder('player').orderBy('player.name')
const teams = ({ repo }: World): SelectQueryBuilder<Team> => repo(Team).createQueryBuilder('team').orderBy('team.name')
const letters = async (query: SelectQueryBuilder<Player>): Promise<string> => (await query.getMany()).map(({ name }) => name[0]).join('')

/** Conditions that a builder takes, and the first letters of the players that have them. */
const conditions: Readonly<Record<string, readonly [(query: SelectQueryBuilder<Player>) => SelectQueryBuilder<Player>, string]>> = {
  'where, with a parameter': [(query) => query.where('player.name = :name', { name: 'Ann' }), 'A'],
  and: [(query) => query.where('player.goals > 1').andWhere('player.goals < 5'), 'AD'],
  or: [(query) => query.where('player.goals > 3').orWhere('player.name = :name', { name: 'Dan' }), 'CD'],
  'a list that is spread': [(query) => query.where('player.name in (:...names)', { names: ['Ann', 'Dan'] }), 'AD'],
  'a parameter that is used twice': [(query) => query.where('player.goals = :n or player.goals = :n + 1', { n: 1 }), 'BD'],
  'parameters that are given apart': [(query) => query.where('player.goals = :n').setParameter('n', 5), 'C'],
  brackets: [
    (query) =>
      query
        .where('player.goals > 1')
        .andWhere(new Brackets((inner) => inner.where('player.name = :a', { a: 'Ann' }).orWhere('player.name = :b', { b: 'Ben' }))),
    'A',
  ],
  'brackets that are denied': [
    (query) => query.where(new NotBrackets((inner) => inner.where('player.goals = 1').orWhere('player.goals = 5'))),
    'AD',
  ],
  'an object of values': [(query) => query.where({ name: 'Ann', goals: 3 }), 'A'],
  'a list of objects, as or': [(query) => query.where([{ name: 'Ann' }, { goals: 5 }]), 'AC'],
  'a name of a property, in SQL': [(query) => query.where('player.team is null'), 'D'],
  'a subquery': [
    (query) =>
      query.where((inner) => {
        const reds = inner.subQuery().select('team.id').from(Team, 'team').where('team.name = :name').getQuery()
        return `player.team in ${reds}`
      }),
    'AB',
  ],
  'a column of a join': [(query) => query.innerJoin('player.team', 'team').where('team.name = :name', { name: 'Blues' }), 'C'],
  'a join that leaves out who has nothing': [(query) => query.innerJoin('player.prizes', 'prize'), 'AC'],
  'a condition of a join': [(query) => query.innerJoin('player.prizes', 'prize', 'prize.label = :label', { label: 'medal' }), 'A'],
  'another table, joined by a condition': [(query) => query.innerJoin(Team, 'other', 'other.name = :name', { name: 'Greens' }), 'ABCD'],
}

/** What a builder of SELECT gives. */
export const selectBuilder: Topic = {
  title: 'builders of SELECT',
  options: { entities: [Team, Player, Prize] },
  rows: {
    ...Object.fromEntries(
      Object.entries(conditions).map(([title, [condition, found]]) => [
        title,
        async (world: World) => {
          await season(world)
          const query = (): SelectQueryBuilder<Player> => condition(players(world)).setParameter('name', named(title))
          expect(await letters(query())).toBe(found)
          expect(await query().getCount()).toBe(found.length)
        },
      ]),
    ),
    'whereInIds takes keys': async (world) => {
      await season(world)
      const ids = (await world.repo(Player).findBy([{ name: 'Ann' }, { name: 'Cid' }])).map(({ id }) => id)
      expect(await letters(players(world).whereInIds(ids))).toBe('AC')
    },
    'whereExists asks for rows of another query': async (world) => {
      await season(world)
      const reds = world.repo(Team).createQueryBuilder('t').where('t.id = player.team').andWhere("t.name = 'Reds'")
      expect(await letters(players(world).whereExists(reds))).toBe('AB')
    },
    'a join is selected where it is asked for, null and empty without rows': async (world) => {
      await season(world)
      const found = await players(world).leftJoinAndSelect('player.team', 'team').leftJoinAndSelect('player.prizes', 'prize').getMany()
      expect(found.map(({ team, prizes }) => [team?.name, prizes.length])).toEqual([
        ['Reds', 2],
        ['Reds', 0],
        ['Blues', 1],
        [undefined, 0],
      ])
    },
    'a selected join down two levels': async (world) => {
      await season(world)
      const found = await teams(world).leftJoinAndSelect('team.players', 'p').leftJoinAndSelect('p.prizes', 'z').getMany()
      expect(found.map(({ players: list }) => list.flatMap(({ prizes }) => prizes).length)).toEqual([1, 0, 2])
    },
    'a join is mapped to a property of another name, to one and to many': async (world) => {
      await season(world)
      const found = await teams(world)
        .leftJoinAndMapOne('team.captain', 'team.players', 'captain', "captain.name = 'Ann'")
        .leftJoinAndMapMany('team.best', Player, 'best', 'best.team = team.id and best.goals > 2')
        .getMany()
      expect(found.map(({ name, captain, best }) => [name, captain?.name, best?.map((each) => each.name)])).toEqual([
        ['Blues', undefined, ['Cid']],
        ['Greens', undefined, []],
        ['Reds', 'Ann', ['Ann']],
      ])
    },
    'keys of a relation are mapped without its rows': async (world) => {
      const { cup } = await season(world)
      const found = await players(world).loadRelationIdAndMap('player.prizeIds', 'player.prizes').getMany()
      expect(found.map(({ prizeIds }) => prizeIds?.length)).toEqual([2, 0, 1, 0])
      expect(found[2]?.prizeIds).toEqual([cup.id])
    },
    'take and skip count rows of the entity, not of its joins': async (world) => {
      await season(world)
      const found = await teams(world).leftJoinAndSelect('team.players', 'p').skip(1).take(2).getMany()
      expect(found.map(({ name, players: list }) => [name, list.length])).toEqual([
        ['Greens', 0],
        ['Reds', 2],
      ])
    },
    'getManyAndCount counts all': async (world) => {
      await season(world)
      const [found, count] = await teams(world).leftJoinAndSelect('team.players', 'p').take(1).getManyAndCount()
      expect([found.length, count]).toEqual([1, 3])
    },
    'limit 0 gives nothing': async (world) => {
      await season(world)
      expect([await players(world).limit(0).getMany(), await players(world).take(0).getMany()]).toEqual([[], []])
    },
    'getOne gives a row or null, getOneOrFail fails': async (world) => {
      await season(world)
      const none = players(world).where("player.name = 'none'")
      expect(await none.getOne()).toBeNull()
      await expect(none.getOneOrFail()).rejects.toThrow(/Player/)
    },
    'getExists asks whether there is one': async (world) => {
      await season(world)
      expect(await players(world).where('player.goals > 4').getExists()).toBe(true)
      expect(await players(world).where('player.goals > 5').getExists()).toBe(false)
    },
    'getRawMany gives what is selected by its alias': async (world) => {
      await season(world)
      const query = players(world).select('player.name', 'who').addSelect('player.goals * 2', 'twice').where('player.goals > 2')
      expect((await query.getRawMany()).map(({ who, twice }) => [who, Number(twice)])).toEqual([
        ['Ann', 6],
        ['Cid', 10],
      ])
    },
    'groups, having and aggregates': async (world) => {
      await season(world)
      const query = teams(world)
        .innerJoin('team.players', 'p')
        .select('team.name', 'team')
        .addSelect('sum(p.goals)', 'goals')
        .groupBy('team.name')
        .having('count(p.id) > :least', { least: 1 })
      expect((await query.getRawMany()).map(({ team, goals }) => [team, Number(goals)])).toEqual([['Reds', 4]])
    },
    'getRawAndEntities gives both, row by row': async (world) => {
      await season(world)
      const { entities, raw } = await players(world).addSelect('player.goals + 1', 'more').where('player.goals > 2').getRawAndEntities()
      expect(entities.map(({ name }) => name)).toEqual(['Ann', 'Cid'])
      expect(raw.map(({ more }) => Number(more))).toEqual([4, 6])
    },
    'select of some columns leaves the others out': async (world) => {
      await season(world)
      const [ann] = await players(world).select(['player.id', 'player.name']).getMany()
      expect([ann?.name, ann?.goals]).toEqual(['Ann', undefined])
    },
    'a subquery is selected, and is what is selected from': async (world) => {
      await season(world)
      const counted = await teams(world)
        .select('team.name', 'team')
        .addSelect((inner) => inner.select('count(*)').from(Player, 'p').where('p.team = team.id'), 'size')
        .getRawMany()
      expect(counted.map(({ size }) => Number(size))).toEqual([1, 0, 2])
      const inner = world.repo(Player).createQueryBuilder('p').select('p.goals', 'goals').where('p.goals > 1')
      const outer = world.app.createQueryBuilder().select('max(high.goals)', 'most').from(`(${inner.getQuery()})`, 'high')
      expect(Number((await outer.getRawOne<{ most: number }>())?.most)).toBe(5)
    },
    distinct: async (world) => {
      await season(world)
      const query = world.repo(Player).createQueryBuilder('p').innerJoin('p.team', 't').select('t.name', 'team').distinct(true)
      expect(await query.orderBy('t.name').getRawMany()).toEqual([{ team: 'Blues' }, { team: 'Reds' }])
    },
    'order by several columns, and by one of a join': async (world) => {
      await season(world)
      const query = world.repo(Player).createQueryBuilder('p').innerJoinAndSelect('p.team', 't').orderBy('t.name', 'DESC')
      expect(await letters(query.addOrderBy('p.goals', 'ASC'))).toBe('BAC')
      expect(() => query.orderBy('p.goals', 'sideways' as never)).toThrow(/order/i)
    },
    'a common table expression is selected from': async (world) => {
      await season(world)
      const best = world.repo(Player).createQueryBuilder('p').select('p.name', 'name').where('p.goals > 2')
      const query = world.app.createQueryBuilder().addCommonTableExpression(best, 'best').select('best.name', 'name').from('best', 'best')
      expect((await query.orderBy('best.name').getRawMany()).map(({ name }) => name)).toEqual(['Ann', 'Cid'])
    },
    'clone is a query of its own': async (world) => {
      await season(world)
      const all = players(world)
      const some = all.clone().where('player.goals > 2')
      expect([await all.getCount(), await some.getCount()]).toEqual([4, 2])
    },
    'a value is never SQL': async (world) => {
      await season(world)
      const evil = "x' or '1'='1"
      expect(await letters(players(world).where('player.name = :evil', { evil }))).toBe('')
      expect(await letters(players(world).where({ name: evil }))).toBe('')
    },
    'rows are streamed raw, where TypeORM does it': async (world) => {
      world.skip(world.app.options.type !== 'mariadb', "of TypeORM's drivers here only that of MySQL streams without a further package")
      await season(world)
      const rows: unknown[] = []
      for await (const row of await players(world).stream()) rows.push(Reflect.get(row as unknown as object, 'player_name'))
      expect(rows).toEqual(['Ann', 'Ben', 'Cid', 'Dan'])
    },
    'getQueryAndParameters gives the text that is sent': async (world) => {
      const [sql, parameters] = players(world).where('player.name = :name', { name: 'Ann' }).getQueryAndParameters()
      expect([sql.startsWith('SELECT'), parameters]).toEqual([true, ['Ann']])
    },
  },
}

/** The name that a condition asks for. */
function named(title: string): string {
  return (
    { or: 'Dan', 'a subquery': 'Reds', 'a column of a join': 'Blues', 'another table, joined by a condition': 'Greens' }[title] ?? 'Ann'
  )
}
