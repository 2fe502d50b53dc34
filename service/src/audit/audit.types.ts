import { Field, Float, GraphQLISODateTime, ID, InputType, Int, ObjectType } from "@nestjs/graphql";

@ObjectType({ description: "What somebody did, and how it ended." })
export class AuditEntry {
  @Field(() => ID) id!: string;
  @Field(() => GraphQLISODateTime) recordedAt!: Date;
  @Field(() => ID, { nullable: true, description: "The answer's header x-request-id." })
  requestId!: string | null;
  @Field(() => String) operation!: string;
  @Field(() => String, { description: "`success` or `failure`" }) outcome!: string;
  @Field(() => String, { nullable: true, description: "The code of the error." })
  code!: string | null;
  @Field(() => Float) durationMs!: number;
  @Field(() => ID, { nullable: true, description: "Who did it." }) userId!: string | null;
  @Field(() => ID, { nullable: true, description: "For whom, where an administrator did it." })
  subjectId!: string | null;
  @Field(() => ID, { nullable: true }) deviceId!: string | null;
  @Field(() => ID, { nullable: true }) keyId!: string | null;
  @Field(() => ID, { nullable: true, description: "The claim jti of the receipt that was given." })
  receiptId!: string | null;
  @Field(() => Int, { description: "How many operations alike the entry stands for." })
  times!: number;
}

@InputType({ description: "Which entries; those that fit all that is given." })
export class AuditFilter {
  @Field(() => ID, { nullable: true, description: "Who did it, or for whom." })
  userId?: string | null;
  @Field(() => ID, { nullable: true }) deviceId?: string | null;
  @Field(() => ID, { nullable: true }) keyId?: string | null;
  @Field(() => ID, { nullable: true }) requestId?: string | null;
  @Field(() => ID, { nullable: true }) receiptId?: string | null;
  @Field(() => String, { nullable: true }) operation?: string | null;
  @Field(() => String, { nullable: true, description: "`failure` for those with any code." })
  code?: string | null;
  @Field(() => GraphQLISODateTime, { nullable: true }) from?: Date | null;
  @Field(() => GraphQLISODateTime, { nullable: true }) until?: Date | null;
}
