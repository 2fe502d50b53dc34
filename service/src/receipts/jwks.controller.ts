import { Controller, Get, Header } from "@nestjs/common";
import type { JWK } from "jose";
import { Public } from "../auth/auth.guard.js";
import { ReceiptKeys } from "./receipt-keys.js";

/** The public keys of receipts (RFC 7517). */
@Public()
@Controller(".well-known")
export class JwksController {
  constructor(private readonly keys: ReceiptKeys) {}

  // A key is published 90 seconds at least before it signs.
  @Get("jwks.json")
  @Header("cache-control", "public, max-age=60, stale-if-error=3600")
  @Header("content-type", "application/jwk-set+json")
  async published(): Promise<{ keys: JWK[] }> {
    return { keys: await this.keys.published() };
  }
}
