import { GraphQLError, type ValidationRule } from "graphql";

/** Refuses a kind of operation that there is none of, such as a subscription, as a mistake of the caller's. */
export const knownOperationsRule: ValidationRule = (context) => ({
  OperationDefinition(node) {
    if (context.getSchema().getRootType(node.operation)) return;
    const message = `There is no ${node.operation} here.`;
    context.reportError(new GraphQLError(message, { nodes: node }));
  },
});
