import Database from 'better-sqlite3'

/**
 * The shop's file as a stranger reads it: on a connection of its own, which sees what is committed and nothing else.
 *
 * @param {string} file
 */
export function openBooks(file) {
  const database = new Database(file, { readonly: true, fileMustExist: true })
  const number = (sql, ...values) =>
    database
      .prepare(sql)
      .pluck()
      .get(...values)
  const sold = 'select coalesce(sum(quantity), 0) from order_line'

  return {
    close: () => database.close(),
    products: () => number('select count(*) from product where deleted_at is null'),
    stock: () => number('select sum(stock) from product'),
    hasOrder: (reference) => number('select count(*) from "order" where reference = ?', reference) === 1,
    hasCustomer: (id) => number('select count(*) from customer where id = ?', id) === 1,
    /** Pieces that are neither in stock nor sold, of `received`; product by product, so that two faults cannot hide each other. */
    missingPieces: (received) =>
      number(
        `select coalesce(sum(abs(received.value - stock - (${sold} where product_id = product.id))), 0)
         from product join json_each(?) as received on received.key = product.id`,
        JSON.stringify(received),
      ),
    /** What each product has in stock, by id. */
    stockByProduct: () => Object.fromEntries(database.prepare('select id, stock from product').raw().all()),
    /** Cents by which customers' accounts differ from their orders, and orders from their lines. */
    missingCents: () =>
      number(`
        select coalesce((select sum(abs(spent_cents - (select coalesce(sum(total_cents), 0) from "order" where customer_id = customer.id)))
                         from customer), 0)
             + coalesce((select sum(abs(total_cents - (select coalesce(sum(price_cents * quantity), 0) from order_line where order_id = "order".id)))
                         from "order"), 0)`),
  }
}
