import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from "@nestjs/common";
import { Reflector } from "@nestjs/core";
import { Clock } from "../common/clock.js";
import { ServiceError } from "../common/service-error.js";
import { addressOf } from "../limits/client-address.js";
import { requestOf, type Role } from "./caller.js";
import { Tokens } from "./tokens.js";

const ROLES = "roles";
const PUBLIC = "public";

/** Lets in only callers with one of the roles. `admin` may do all. */
export const Roles = (...roles: Role[]) => SetMetadata(ROLES, roles);

/** Lets in everybody, without a token. */
export const Public = () => SetMetadata(PUBLIC, true);

/** Guards every resolver and controller: a valid token, and the role where one is needed. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly clock: Clock,
    private readonly tokens: Tokens,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets)) return true;
    // What is told from the time would be wrong: the age of payloads, keys, locks and tokens.
    this.clock.check();
    const request = requestOf(context);
    request.verified ??= this.tokens.verify(request.headers.authorization);
    const { userId, roles } = await request.verified;
    request.caller = { userId, roles, address: addressOf(request) };
    const needed = this.reflector.getAllAndOverride<Role[] | undefined>(ROLES, targets);
    if (!needed || roles.has("admin") || needed.some((role) => roles.has(role))) return true;
    throw new ServiceError("FORBIDDEN", `This needs the role ${needed.join(" or ")}.`);
  }
}
