import { Field, ID, ObjectType, Query, Resolver } from "@nestjs/graphql";
import { CurrentCaller, type Caller } from "./caller.js";

@ObjectType({ description: "Whom the token names." })
export class Identity {
  @Field(() => ID)
  userId!: string;

  @Field(() => [String])
  roles!: string[];
}

@Resolver(() => Identity)
export class WhoAmIResolver {
  @Query(() => Identity, { description: "Whom the token names; a way to try a token." })
  whoAmI(@CurrentCaller() caller: Caller): Identity {
    return { userId: caller.userId, roles: [...caller.roles] };
  }
}
