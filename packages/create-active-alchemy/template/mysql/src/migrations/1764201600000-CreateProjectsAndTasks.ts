import type { MigrationInterface, QueryRunner } from 'typeorm'

// Of MariaDB; on MySQL the collation is utf8mb4_0900_bin.
export class CreateProjectsAndTasks1764201600000 implements MigrationInterface {
  name = 'CreateProjectsAndTasks1764201600000'

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE \`project\` (
      \`id\` int NOT NULL AUTO_INCREMENT,
      \`created_at\` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      \`updated_at\` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      \`is_deleted\` tinyint(1) NOT NULL DEFAULT 0,
      \`deleted_at\` datetime(3) NULL,
      \`name\` varchar(80) NOT NULL,
      INDEX \`IDX_a43905cdaaef762a3448ec6dfe\` (\`deleted_at\`),
      PRIMARY KEY (\`id\`)
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin`)
    await runner.query(`CREATE TABLE \`task\` (
      \`id\` int NOT NULL AUTO_INCREMENT,
      \`created_at\` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      \`updated_at\` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      \`is_deleted\` tinyint(1) NOT NULL DEFAULT 0,
      \`deleted_at\` datetime(3) NULL,
      \`title\` varchar(200) NOT NULL,
      \`is_done\` tinyint(1) NOT NULL DEFAULT 0,
      \`project_id\` int NOT NULL,
      INDEX \`IDX_4eef95da34584bf66e8ccf869e\` (\`deleted_at\`),
      PRIMARY KEY (\`id\`),
      CONSTRAINT \`FK_1f53e7ffe94530f9e0221224d29\` FOREIGN KEY (\`project_id\`) REFERENCES \`project\` (\`id\`) ON DELETE CASCADE ON UPDATE NO ACTION
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin`)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE \`task\``)
    await runner.query(`DROP TABLE \`project\``)
  }
}
