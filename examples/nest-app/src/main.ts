import "reflect-metadata";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { EnvelopeExceptionFilter, EnvelopeModule, FieldsModule } from "kms-envelope/nest";
import { DatabaseModule } from "./database.js";
import { FilesModule } from "./files.js";
import { ENVELOPE, FIELDS } from "./keys.js";
import { UsersModule } from "./users.js";

@Module({
  imports: [
    DatabaseModule,
    EnvelopeModule.forRoot(ENVELOPE),
    FieldsModule.forRoot(FIELDS),
    UsersModule,
    FilesModule,
  ],
})
class AppModule {}

const app = await NestFactory.create(AppModule, {
  logger: ["error", "warn"],
  forceCloseConnections: true,
});
app.useGlobalFilters(new EnvelopeExceptionFilter());
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
console.log(await app.getUrl());
