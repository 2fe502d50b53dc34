import { Module } from "@nestjs/common";
import { KeysModule } from "../keys/keys.module.js";
import { PayloadDecryptor } from "./payload-decryptor.js";
import { PayloadReader } from "./payload-reader.js";

/** What devices encrypt for one operation each: decrypted, checked, and taken once. */
@Module({
  imports: [KeysModule],
  providers: [PayloadDecryptor, PayloadReader],
  exports: [PayloadDecryptor, PayloadReader],
})
export class PayloadsModule {}
