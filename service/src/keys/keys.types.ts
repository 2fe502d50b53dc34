import { Field, GraphQLISODateTime, ID, InputType, ObjectType } from "@nestjs/graphql";

@ObjectType({ description: "A public key of a device, and how to encrypt with it." })
export class ClientEncryptionKey {
  @Field(() => ID, { description: "Send it along with what was encrypted. Ids sort by time." })
  keyId!: string;

  @Field(() => String, { description: "SubjectPublicKeyInfo in PEM." })
  publicKey!: string;

  @Field(() => GraphQLISODateTime, { description: "Ask for another key from then on." })
  expiresAt!: Date;

  @Field(() => String, { description: "RSA-OAEP-256: RSA-OAEP with SHA-256, also in MGF1." })
  algorithm!: string;
}

@InputType()
export class GenerateClientEncryptionKeyInput {
  @Field(() => String, { description: "1 to 128 letters, digits or any of . _ : -" })
  deviceId!: string;

  @Field(() => String, { description: "1 to 64 printable characters." })
  appVersion!: string;
}
