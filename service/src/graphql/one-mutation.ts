import type { ValidationRule } from "graphql";
import { ServiceError } from "../common/service-error.js";

/** One mutation a request: each is work for the key service, and counted by the limits. */
export const oneMutationRule: ValidationRule = (context) => ({
  OperationDefinition(operation) {
    if (operation.operation !== "mutation") return;
    if (operation.selectionSet.selections.length <= 1) return;
    const message = "The request has more than one mutation; send one at a time.";
    context.reportError(new ServiceError("REQUEST_TOO_COMPLEX", message, {}));
  },
});
