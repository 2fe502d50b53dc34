import { createHash, randomBytes, randomUUID } from "node:crypto";
import { PGlite } from "@electric-sql/pglite";
import {
  Body,
  type CanActivate,
  ConflictException,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Post,
  Req,
  UnauthorizedException,
  UseGuards,
} from "@nestjs/common";
import type { FieldColumn } from "kms-envelope";
import { FieldsModule, InjectColumn } from "kms-envelope/nest";

const EMAIL = {
  table: "users",
  column: "email",
  type: "text",
  index: { normalize: ["trim", "lowercase"] },
} as const;

/** A request of a user who has signed up. */
export interface Signed {
  user: { id: string; email: Uint8Array };
}

/** Lets only those through who have signed up. */
@Injectable()
export class SignedUp implements CanActivate {
  constructor(private readonly database: PGlite) {}

  async canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest();
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const { rows } = await this.database.query(
      "select id, email from users where token_hash = $1",
      [hash(token)],
    );
    if (rows.length === 0) throw new UnauthorizedException("sign up first");
    request.user = rows[0];
    return true;
  }
}

@Controller("users")
export class UsersController {
  constructor(
    private readonly database: PGlite,
    @InjectColumn(EMAIL) private readonly email: FieldColumn<"text">,
  ) {}

  @Post()
  async signUp(@Body() body: { email: string }) {
    const address = String(body.email);
    const id = randomUUID();
    const token = randomBytes(32).toString("base64url");
    const { rows } = await this.database.query(
      "insert into users values ($1, $2, $3, $4) on conflict (email_index) do nothing returning id",
      // Bound to its row: copied into another, it cannot be read.
      [id, this.email.encrypt(address, { row: id }), this.email.index(address), hash(token)],
    );
    if (rows.length === 0) throw new ConflictException("signed up already");
    return { id, token };
  }

  @Get("me")
  @UseGuards(SignedUp)
  me(@Req() { user }: Signed) {
    return { id: user.id, email: this.email.decrypt(user.email, { row: user.id }) };
  }
}

@Module({ imports: [FieldsModule.forFeature([EMAIL])], controllers: [UsersController] })
export class UsersModule {}

/** A token is long and random, so that a plain hash is enough. */
function hash(token: string) {
  return createHash("sha256").update(token).digest();
}
