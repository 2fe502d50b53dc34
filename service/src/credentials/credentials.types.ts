import {
  Field,
  GraphQLISODateTime,
  ID,
  InputType,
  Int,
  ObjectType,
  registerEnumType,
} from "@nestjs/graphql";

export enum PasswordAuthType {
  PASSCODE = "PASSCODE",
  TRANSACTION_PIN = "TRANSACTION_PIN",
}

registerEnumType(PasswordAuthType, { name: "PasswordAuthType" });

@InputType({ isAbstract: true })
abstract class CredentialInput {
  @Field(() => ID, { description: "The key that it is encrypted under." })
  keyId!: string;

  @Field(() => PasswordAuthType, { description: "Must fit the mutation." })
  passwordAuthType!: PasswordAuthType;
}

@InputType()
export class VerifyUserPasscodeInput extends CredentialInput {
  @Field(() => String, { description: "The payload, in base64." })
  encryptedPasscode!: string;
}

@InputType()
export class SetUserPasscodeInput extends VerifyUserPasscodeInput {
  @Field(() => String, {
    nullable: true,
    description: "The current one, if one is set: a payload for this encryptedPasscode alone.",
  })
  encryptedCurrentPasscode?: string;

  @Field(() => ID, { nullable: true, description: "Whose it is; for administrators." })
  userId?: string;
}

@InputType()
export class VerifyTransactionPinInput extends CredentialInput {
  @Field(() => String, { description: "The payload, in base64." })
  encryptedPin!: string;
}

@InputType()
export class SetTransactionPinInput extends VerifyTransactionPinInput {
  @Field(() => String, {
    nullable: true,
    description: "The current one, if one is set: a payload for this encryptedPin alone.",
  })
  encryptedCurrentPin?: string;

  @Field(() => ID, { nullable: true, description: "Whose it is; for administrators." })
  userId?: string;
}

@ObjectType()
export class CredentialSet {
  @Field(() => GraphQLISODateTime)
  setAt!: Date;
}

@ObjectType()
export class CredentialCheck {
  @Field(() => Boolean, { description: "False also where none is set." })
  verified!: boolean;

  @Field(() => Int, { nullable: true, description: "How long the next attempt has to wait." })
  retryAfterSeconds?: number;

  @Field(() => Int, {
    nullable: true,
    description: "With a success: how many attempts failed since the one before.",
  })
  failedAttempts?: number;

  @Field(() => GraphQLISODateTime, { nullable: true, description: "When the last of them was." })
  lastFailedAt?: Date;
}

@ObjectType()
export class TransactionPinCheck extends CredentialCheck {
  @Field(() => String, {
    nullable: true,
    description: "With a success, if the payload names a transaction: proves it to a backend.",
  })
  receipt?: string;
}
