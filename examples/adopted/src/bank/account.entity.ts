import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'

@Entity()
export class Account {
  @PrimaryGeneratedColumn()
  id!: number

  @Column({ length: 80 })
  owner!: string

  @Column({ type: 'int', default: 0 })
  balance!: number
}
