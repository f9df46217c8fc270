import { Column, CreateDateColumn, Entity, ManyToOne, PrimaryGeneratedColumn } from 'typeorm'
import { Account } from './account.entity.js'

@Entity()
export class Payment {
  @PrimaryGeneratedColumn()
  id!: number

  @Column({ length: 40, unique: true })
  reference!: string

  @Column({ type: 'int' })
  amount!: number

  /** Nobody, when it came by a voucher. */
  @ManyToOne(() => Account, { nullable: true })
  payer!: Account | null

  /** Nobody, when it left the bank. */
  @ManyToOne(() => Account, { nullable: true })
  payee!: Account | null

  /** A voucher is good for one payment. */
  @Column({ type: 'varchar', length: 40, nullable: true, unique: true })
  voucher!: string | null

  @CreateDateColumn()
  createdAt!: Date
}
