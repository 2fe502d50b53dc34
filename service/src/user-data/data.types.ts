import { Field, GraphQLISODateTime, ID, InputType, ObjectType } from "@nestjs/graphql";

@InputType()
export class EncryptedDataInput {
  @Field(() => ID, { description: "The key that it is encrypted under." }) keyId!: string;
  @Field(() => String, { description: "A compact JWE: RSA-OAEP-256, A256GCM, `kid` is the key." })
  data!: string;
}

@InputType()
export class DecryptDataInput extends EncryptedDataInput {
  @Field(() => ID, { description: "The key that the payload is encrypted under." })
  payloadKeyId!: string;
  @Field(() => String, { description: "A payload whose secret is a key of 32 bytes, in base64." })
  payload!: string;
}

@InputType()
export class StoreDataInput extends EncryptedDataInput {
  @Field(() => String, { description: "1 to 128 letters, digits or any of . _ : -" }) name!: string;
  @Field(() => ID, { description: "The key that the payload is encrypted under." })
  payloadKeyId!: string;
  @Field(() => String, {
    description: "A payload whose secret is the SHA-256 of name, newline and data, in base64url.",
  })
  payload!: string;
}

@InputType()
export class LoadDataInput {
  @Field(() => String) name!: string;
  @Field(() => ID, { description: "The device under whose key it is given back." })
  deviceId!: string;
}

@ObjectType()
export class DecryptedData {
  @Field(() => String, {
    description: "A compact JWE: dir, A256GCM, under the key of the payload.",
  })
  answer!: string;
}

@ObjectType({ description: "Data under the key that the device has now." })
export class ReencryptedData {
  @Field(() => ID) keyId!: string;
  @Field(() => String) data!: string;
}

@ObjectType()
export class LoadedData extends ReencryptedData {
  @Field(() => GraphQLISODateTime) storedAt!: Date;
}

@ObjectType()
export class StoredData {
  @Field(() => GraphQLISODateTime) storedAt!: Date;
}
