import { ActiveAlchemy } from '@active-alchemy/core'

const migrations = process.env['SHOP_MIGRATIONS']

/** A shop, as an application has it: its database and its migrations come from the environment. */
export const db = new ActiveAlchemy(process.env['SHOP_URI'] ?? '', {
  typeorm: migrations === undefined ? {} : { migrations: [migrations] },
})

export class Product extends db.Model('Product', {
  name: db.Column(db.String(40), { unique: true }),
  price: db.Column(db.Numeric(10, 2), { default: '0.00' }),
  stock: db.Column(db.Integer, { default: 0, index: true }),
  soldAt: db.Column(db.DateTime, { nullable: true }),
  details: db.Column(db.JSONType, { nullable: true }),
}) {
  static relations = this.relate({ orders: db.ManyToMany(() => Order, 'products') })
}
db.Check('stock_left', 'stock >= 0')(Product)

export class Order extends db.Model('Order', { number: db.Column(db.Integer) }) {
  static relations = this.relate({ products: db.ManyToMany(() => Product, 'orders', { joinTable: true }) })
}
