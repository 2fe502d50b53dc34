import type { ValidationRule } from "graphql";
import { ServiceError } from "../common/service-error.js";

/** One mutation a document: each is work for the key service, and counted by the limits. */
export const oneMutationRule: ValidationRule = (context) => {
  let mutations = 0;
  return {
    // Wherever it stands: in an operation, or in a fragment.
    Field() {
      const type = context.getSchema().getMutationType();
      if (!type || context.getParentType() !== type || ++mutations !== 2) return;
      const message = "The request has more than one mutation; send one at a time.";
      context.reportError(new ServiceError("REQUEST_TOO_COMPLEX", message));
    },
  };
};
