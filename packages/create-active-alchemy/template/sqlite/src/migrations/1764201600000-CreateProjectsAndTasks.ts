import type { MigrationInterface, QueryRunner } from 'typeorm'

export class CreateProjectsAndTasks1764201600000 implements MigrationInterface {
  name = 'CreateProjectsAndTasks1764201600000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE "project" (
      "id" integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      "created_at" datetime NOT NULL DEFAULT (datetime('now')),
      "updated_at" datetime NOT NULL DEFAULT (datetime('now')),
      "is_deleted" boolean NOT NULL DEFAULT (0),
      "deleted_at" datetime,
      "name" varchar(80) NOT NULL,
      CONSTRAINT "CHK_381b7aff76bf26018a4ab9edf5" CHECK (LENGTH("name") >= 1))`)
    await runner.query(`CREATE INDEX "IDX_a43905cdaaef762a3448ec6dfe" ON "project" ("deleted_at")`)
    await runner.query(`CREATE TABLE "task" (
      "id" integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      "created_at" datetime NOT NULL DEFAULT (datetime('now')),
      "updated_at" datetime NOT NULL DEFAULT (datetime('now')),
      "is_deleted" boolean NOT NULL DEFAULT (0),
      "deleted_at" datetime,
      "title" varchar(200) NOT NULL,
      "is_done" boolean NOT NULL DEFAULT (0),
      "project_id" integer NOT NULL,
      CONSTRAINT "CHK_8bec0df1135231862e7285d969" CHECK (LENGTH("title") >= 1),
      CONSTRAINT "FK_1f53e7ffe94530f9e0221224d29" FOREIGN KEY ("project_id") REFERENCES "project" ("id") ON DELETE CASCADE ON UPDATE NO ACTION)`)
    await runner.query(`CREATE INDEX "IDX_4eef95da34584bf66e8ccf869e" ON "task" ("deleted_at")`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "task"`)
    await runner.query(`DROP TABLE "project"`)
  }
}
