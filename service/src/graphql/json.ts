import { GraphQLScalarType } from "graphql";

/** Any JSON value, in answers alone; a time in it is text as in `2026-11-25T12:00:00.000Z`. */
export const JsonScalar = new GraphQLScalarType({
  name: "JSON",
  description: "Any JSON value. It takes no selection of fields.",
  serialize: (value) => JSON.parse(JSON.stringify(value)) as unknown,
  parseValue: refuse,
  parseLiteral: refuse,
});

function refuse(): never {
  throw new TypeError("JSON is in answers alone");
}
