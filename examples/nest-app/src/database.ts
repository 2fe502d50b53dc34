import { PGlite } from "@electric-sql/pglite";
import { Global, Module, type OnApplicationShutdown } from "@nestjs/common";
import { DATA } from "./keys.js";

const USERS = `create table if not exists users (
  id text primary key, email bytea not null, email_index bytea not null unique, token_hash bytea not null)`;

async function open() {
  const database = await PGlite.create(`${DATA}/database`);
  await database.exec(USERS);
  return database;
}

@Global()
@Module({ providers: [{ provide: PGlite, useFactory: open }], exports: [PGlite] })
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly database: PGlite) {}

  async onApplicationShutdown() {
    await this.database.close();
  }
}
