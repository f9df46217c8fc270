import { ActiveAlchemy } from '@active-alchemy/core'
import { Column, DefaultNamingStrategy, Entity, EntitySchema, JoinTable, ManyToMany, ManyToOne, PrimaryGeneratedColumn } from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** Entities of a code base that has TypeORM already. */
function entities(related: () => abstract new (...values: never[]) => object = () => UserPhoto) {
  class UserPhoto {
    declare photoId: number
    declare fileName: string
    declare takenBy: object | null
    declare seenBy: object[]
  }
  Entity()(UserPhoto)
  PrimaryGeneratedColumn()(UserPhoto.prototype, 'photoId')
  Column('varchar', { length: 25 })(UserPhoto.prototype, 'fileName')
  ManyToOne(related, { nullable: true })(UserPhoto.prototype, 'takenBy')
  ManyToMany(related)(UserPhoto.prototype, 'seenBy')
  JoinTable()(UserPhoto.prototype, 'seenBy')
  return { UserPhoto }
}
const { UserPhoto } = entities()

/** Entities of plain TypeORM beside models. */
export function plainEntityRows(database: TestDatabase): void {
  const row = rowIn(database)
  const columns = (db: ActiveAlchemy, table: string): string[] | undefined =>
    db.metadata.find(({ tableName }) => tableName === table)?.columns.map(({ databaseName }) => databaseName)

  row('keep the names that TypeORM gives them, and models keep theirs', async ({ another }) => {
    const db = another({ models: [UserPhoto] })
    class PhotoAlbum extends db.Model('PhotoAlbum', { mainTitle: db.Column(db.String(25)) }) {
      static relations = this.relate({
        firstPhoto: db.ManyToOne(() => UserPhoto, { nullable: true }),
        allPhotos: db.ManyToMany(() => UserPhoto, { joinTable: true }),
      })
    }
    await db.createAll()
    const photos = db.dataSource.getRepository(UserPhoto)
    const photo = await photos.save({ fileName: 'a.png' })
    await PhotoAlbum.create({ mainTitle: 'Rome' })
    expect(columns(db, 'user_photo')).toEqual(['photoId', 'fileName', 'takenByPhotoId'])
    expect(columns(db, 'user_photo_seen_by_user_photo')).toEqual(['userPhotoPhotoId_1', 'userPhotoPhotoId_2'])
    expect(columns(db, 'photo_album')?.slice(5)).toEqual(['main_title', 'first_photo_photo_id'])
    expect(columns(db, 'photo_album_all_photos_user_photo')).toEqual(['photo_album_id', 'user_photo_photo_id'])
    expect(await photos.findOneBy({ photoId: photo.photoId })).toMatchObject({ fileName: 'a.png' })
  })

  row('take a naming strategy that is given, as models do for their columns', async ({ another }) => {
    class Shouting extends DefaultNamingStrategy {
      override columnName(property: string, custom: string): string {
        return (custom || property).toUpperCase()
      }
    }
    const db = another({ models: [UserPhoto], typeorm: { namingStrategy: new Shouting() } })
    class PhotoAlbum extends db.Model('PhotoAlbum', { mainTitle: db.Column(db.String(25)) }) {}
    await db.createAll()
    expect(await PhotoAlbum.create({ mainTitle: 'Rome' })).toMatchObject({ mainTitle: 'Rome' })
    expect(columns(db, 'user_photo')?.slice(0, 2)).toEqual(['PHOTOID', 'FILENAME'])
    expect(columns(db, 'photo_album')?.at(-1)).toBe('MAINTITLE')
  })

  row('may relate to a model that nothing else names', async ({ another }) => {
    const related: { Visitor?: abstract new (...values: never[]) => object } = {}
    const plain = entities(() => related.Visitor ?? Object)
    const db = another({ models: [plain.UserPhoto] })
    class Visitor extends db.Model('Visitor', { firstName: db.Column(db.String(25)) }) {}
    related.Visitor = Visitor
    await db.createAll()
    const ada = await Visitor.create({ firstName: 'Ada' })
    const photos = db.dataSource.getRepository(plain.UserPhoto)
    await photos.save({ fileName: 'a.png', takenBy: ada })
    expect((await photos.findOneOrFail({ where: {}, relations: { takenBy: true } })).takenBy).toBeInstanceOf(Visitor)
  })

  row('may be schemas, which relate to one another and to classes', async ({ another }) => {
    const Author = new EntitySchema<{ id: number; fullName: string; photo: object | null }>({
      name: 'Author',
      columns: { id: { type: Number, primary: true, generated: true }, fullName: { type: String, length: 25 } },
      relations: { photo: { type: 'many-to-one', target: 'UserPhoto', nullable: true, joinColumn: true } },
    })
    for (const where of [{ models: [Author, UserPhoto] }, { typeorm: { entities: { Author, UserPhoto } } }]) {
      const db = another(where)
      await db.createAll()
      const authors = db.dataSource.getRepository(Author)
      const { id } = await authors.save({ fullName: 'Ada' })
      expect(await authors.findOneBy({ id })).toMatchObject({ fullName: 'Ada' })
      expect(columns(db, 'author')).toEqual(['id', 'fullName', 'photoPhotoId'])
      await db.dropAll()
    }
  })

  it('are given as classes and schemas: a path is refused by name, since nothing would search it', () => {
    const paths = ['dist/**/*.entity.js']
    const refused = expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('dist/**/*.entity.js') as string })
    for (const options of [{ models: paths as never }, { typeorm: { entities: paths } }]) {
      expect(() => new ActiveAlchemy('sqlite://', options)).toThrow(refused as Error)
    }
  })
}
