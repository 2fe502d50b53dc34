import { Module } from "@nestjs/common";
import { KeysModule } from "../keys/keys.module.js";
import { PayloadsModule } from "../payloads/payloads.module.js";
import { DataResolver } from "./data.resolver.js";
import { DataService } from "./data.service.js";
import { DataStore } from "./data-store.js";

/** Data of users, beyond passcodes and PINs. */
@Module({
  imports: [KeysModule, PayloadsModule],
  providers: [DataStore, DataService, DataResolver],
})
export class DataModule {}
