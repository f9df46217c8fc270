import { DataTypes, Op, Sequelize } from 'sequelize'
import sqlite3 from 'sqlite3'
import { batches, fileOf, mariadbOptions, poolSize, pragmas } from '../peers/clients.mjs'

/** Sequelize opens a connection for each transaction. */
class Durable extends sqlite3.Database {
  constructor(...parameters) {
    super(...parameters)
    for (const pragma of pragmas) this.exec(`pragma ${pragma}`)
  }
}

const pool = { max: poolSize }
const kinds = {
  sqlite: (uri) =>
    new Sequelize({ dialect: 'sqlite', dialectModule: { ...sqlite3, Database: Durable }, storage: fileOf(uri), logging: false }),
  postgres: (uri) => new Sequelize(uri, { dialect: 'postgres', logging: false, pool }),
  mariadb(uri) {
    const { host, port, user, password, database } = mariadbOptions(uri)
    return new Sequelize({ dialect: 'mysql', host, port, username: user, password, database, logging: false, pool })
  },
}

export async function open(database, uri) {
  const sequelize = kinds[database](uri)
  const settings = { underscored: true, paranoid: true, timestamps: true }
  const common = {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    isDeleted: { type: DataTypes.BOOLEAN, defaultValue: false },
    createdAt: DataTypes.DATE(3),
    updatedAt: DataTypes.DATE(3),
    deletedAt: DataTypes.DATE(3),
  }
  const fields = { ...common, name: DataTypes.STRING(50), email: DataTypes.STRING(80), age: DataTypes.INTEGER }
  const User = sequelize.define('User', fields, { ...settings, tableName: 'users' })
  const Post = sequelize.define(
    'Post',
    { ...common, title: DataTypes.STRING(80), words: DataTypes.INTEGER },
    { ...settings, tableName: 'posts' },
  )
  User.hasMany(Post, { as: 'posts', foreignKey: { name: 'authorId', field: 'author_id' } })

  const page = (number) => ({ where: { age: { [Op.gte]: 20 } }, order: ['id'], limit: 20, offset: number * 20 })
  return {
    get: (id) => User.findByPk(id),
    create: (values) => User.create(values),
    createInTransaction: (rows) =>
      sequelize.transaction(async (transaction) => {
        for (const values of rows) await User.create(values, { transaction })
      }),
    update: async (id, age) => (await User.findByPk(id)).update({ age }),
    async softDelete(id) {
      const user = await User.findByPk(id)
      await user.destroy()
      return user
    },
    restore: (user) => user.restore(),
    page: (number) => User.findAll(page(number)),
    async pageWithCount(number) {
      const { rows, count } = await User.findAndCountAll(page(number))
      return { items: rows, total: count }
    },
    after: (id) => User.findAll({ where: { id: { [Op.gt]: id } }, order: ['id'], limit: 20 }),
    load: (count) => User.findAll({ limit: count }),
    loadWithPosts: (count) => User.findAll({ limit: count, order: ['id'], include: 'posts' }),
    filter: (low, high, start) =>
      User.findAll({
        where: { age: { [Op.between]: [low, high] }, name: { [Op.startsWith]: start }, id: { [Op.gt]: 100 } },
        order: ['id'],
        limit: 20,
      }),
    insertMany: (rows) =>
      sequelize.transaction(async (transaction) => {
        for (const batch of batches(rows)) await User.bulkCreate(batch, { transaction })
      }),
  }
}
