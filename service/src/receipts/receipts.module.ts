import { Module } from "@nestjs/common";
import { JwksController } from "./jwks.controller.js";
import { ReceiptKeys } from "./receipt-keys.js";
import { Receipts } from "./receipts.js";

/** Receipts for confirmed transactions, and what they are verified with. */
@Module({
  controllers: [JwksController],
  providers: [ReceiptKeys, Receipts],
  exports: [ReceiptKeys, Receipts],
})
export class ReceiptsModule {}
