import { Args, ID, Int, Query, Resolver } from "@nestjs/graphql";
import { Roles } from "../auth/auth.guard.js";
import { checkForm, checkTime } from "../common/check-form.js";
import { AuditLog } from "./audit-log.js";
import { AuditEntry, AuditFilter } from "./audit.types.js";

const MOST_ENTRIES = 200;

@Roles("admin")
@Resolver(() => AuditEntry)
export class AuditResolver {
  constructor(private readonly log: AuditLog) {}

  @Query(() => [AuditEntry], {
    description: "Who did what, the latest first; at most 200. Needs the role `admin`.",
  })
  auditLog(
    @Args("filter", { type: () => AuditFilter, defaultValue: {} }) filter: AuditFilter,
    @Args("count", { type: () => Int, defaultValue: 50 }) count: number,
    @Args("before", {
      type: () => ID,
      nullable: true,
      description: "The id of the last entry that is known: gives those before it.",
    })
    before?: string | null,
  ): Promise<AuditEntry[]> {
    const { from, until, ...texts } = filter;
    if (from) checkTime("from", from);
    if (until) checkTime("until", until);
    for (const [field, text] of Object.entries(texts)) {
      checkForm(field, text == null || /^[^\p{Cc}\p{Cs}]{1,255}$/u.test(text));
    }
    checkForm("before", before == null || /^\d{1,18}$/.test(before));
    const most = Math.min(Math.max(count, 1), MOST_ENTRIES);
    return this.log.find(filter, most, before == null ? undefined : BigInt(before));
  }
}
