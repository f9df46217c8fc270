import type { MigrationInterface, QueryRunner } from 'typeorm'

export class CreateProjectsAndTasks1764201600000 implements MigrationInterface {
  name = 'CreateProjectsAndTasks1764201600000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE "project" (
      "id" SERIAL NOT NULL,
      "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
      "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
      "is_deleted" boolean NOT NULL DEFAULT false,
      "deleted_at" TIMESTAMP(3) WITH TIME ZONE,
      "name" character varying(80) NOT NULL,
      CONSTRAINT "CHK_381b7aff76bf26018a4ab9edf5" CHECK (LENGTH("name") >= 1),
      CONSTRAINT "PK_4d68b1358bb5b766d3e78f32f57" PRIMARY KEY ("id")
    )`)
    await runner.query(`CREATE INDEX "IDX_a43905cdaaef762a3448ec6dfe" ON "project" ("deleted_at")`)
    await runner.query(`CREATE TABLE "task" (
      "id" SERIAL NOT NULL,
      "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
      "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
      "is_deleted" boolean NOT NULL DEFAULT false,
      "deleted_at" TIMESTAMP(3) WITH TIME ZONE,
      "title" character varying(200) NOT NULL,
      "is_done" boolean NOT NULL DEFAULT false,
      "project_id" integer NOT NULL,
      CONSTRAINT "CHK_8bec0df1135231862e7285d969" CHECK (LENGTH("title") >= 1),
      CONSTRAINT "PK_fb213f79ee45060ba925ecd576e" PRIMARY KEY ("id"),
      CONSTRAINT "FK_1f53e7ffe94530f9e0221224d29" FOREIGN KEY ("project_id") REFERENCES "project" ("id") ON DELETE CASCADE ON UPDATE NO ACTION
    )`)
    await runner.query(`CREATE INDEX "IDX_4eef95da34584bf66e8ccf869e" ON "task" ("deleted_at")`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "task"`)
    await runner.query(`DROP TABLE "project"`)
  }
}
