import {
  Args,
  Field,
  GraphQLISODateTime,
  Int,
  Mutation,
  ObjectType,
  registerEnumType,
  Resolver,
} from "@nestjs/graphql";
import { Roles } from "../auth/auth.guard.js";
import { CurrentCaller, type Caller } from "../auth/caller.js";
import { later } from "../common/durations.js";
import { Log } from "../logging/log.js";
import { Measure } from "../metrics/measure.js";
import { ADOPTION_MS, ServiceSecrets } from "./service-secrets.js";

export enum ServiceSecretPurpose {
  PEPPER = "pepper",
  INTEGRITY = "integrity",
  RECEIPT = "receipt",
}

registerEnumType(ServiceSecretPurpose, { name: "ServiceSecretPurpose" });

@ObjectType({ description: "A secret of the service that takes the place of the one before." })
export class RotatedSecret {
  @Field(() => Int)
  version!: number;

  @Field(() => GraphQLISODateTime, { description: "From when on it is used." })
  usedFrom!: Date;
}

/** For administrators. */
@Roles("admin")
@Resolver()
export class ServiceSecretsResolver {
  constructor(
    private readonly secrets: ServiceSecrets,
    private readonly log: Log,
    private readonly measure: Measure,
  ) {}

  @Mutation(() => RotatedSecret, {
    description:
      "Makes another pepper, integrity secret or key of receipts; rows come under it as they are used.",
  })
  async rotateServiceSecret(
    @CurrentCaller() caller: Caller,
    @Args("purpose", { type: () => ServiceSecretPurpose }) purpose: ServiceSecretPurpose,
  ): Promise<RotatedSecret> {
    const { userId } = caller;
    const { version, createdAt } = await this.measure.run(
      { operation: "rotate-service-secret", userId },
      () => this.secrets.rotate(purpose),
    );
    this.log.warn({ administrator: userId, purpose, version }, "a service secret rotates");
    return { version, usedFrom: later(createdAt, ADOPTION_MS) };
  }
}
