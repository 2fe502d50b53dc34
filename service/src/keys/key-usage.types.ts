import { Field, Float, GraphQLISODateTime, ID, Int, ObjectType } from "@nestjs/graphql";

@ObjectType({ description: "A key of a device, and how it is used." })
export class UsedKey {
  @Field(() => ID) keyId!: string;
  @Field(() => ID) deviceId!: string;
  @Field(() => String, { description: "`active`, `decrypt-only` or `destroyed`" }) state!: string;
  @Field(() => GraphQLISODateTime) createdAt!: Date;
  @Field(() => GraphQLISODateTime) expiresAt!: Date;
  @Field(() => Float, { description: "How many payloads it has decrypted." }) usageCount!: number;
  @Field(() => Float, { description: "How many it could not decrypt." }) failureCount!: number;
  @Field(() => GraphQLISODateTime, { nullable: true, description: "When it last decrypted." })
  lastUsed!: Date | null;
}

@ObjectType({ description: "What a device did in an hour." })
export class DeviceHour {
  @Field(() => GraphQLISODateTime) from!: Date;
  @Field(() => Int) usageCount!: number;
  @Field(() => Int) failureCount!: number;
}

@ObjectType({ description: "How a device uses its keys." })
export class DeviceUsage {
  @Field(() => ID) deviceId!: string;
  @Field(() => Int, { description: "How many keys it has used." }) keys!: number;
  @Field(() => Float) usageCount!: number;
  @Field(() => Float) failureCount!: number;
  @Field(() => GraphQLISODateTime, { nullable: true }) lastUsed!: Date | null;
  @Field(() => [DeviceHour], {
    description: "The hours of the last 7 days in which there was something, oldest first.",
  })
  hours!: DeviceHour[];
}
