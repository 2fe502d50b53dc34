import { Injectable, type CanActivate, type ExecutionContext } from "@nestjs/common";
import { parseCookie } from "cookie";
import type { Request } from "express";
import { requestOf } from "../auth/caller.js";
import { Tokens } from "../auth/tokens.js";
import { ServiceError } from "../common/service-error.js";

export const SESSION_COOKIE = "dashboard-session";

/** Lets in administrators: by the cookie that signing in gives, which holds their token. */
@Injectable()
export class Administrators implements CanActivate {
  constructor(private readonly tokens: Tokens) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.check(tokenOf(requestOf(context)));
    return true;
  }

  async isAsking(request: Request): Promise<boolean> {
    return this.check(tokenOf(request)).then(
      () => true,
      () => false,
    );
  }

  /** @throws {ServiceError} if the token is not a valid one of an administrator. */
  async check(token: string): Promise<void> {
    const { roles } = await this.tokens.verify(`Bearer ${token}`);
    if (!roles.has("admin")) throw new ServiceError("FORBIDDEN", "This needs the role admin.");
  }
}

function tokenOf(request: Request): string {
  return parseCookie(request.headers.cookie ?? "")[SESSION_COOKIE] ?? "";
}
