import { ipKeyGenerator } from "express-rate-limit";

/** What counts as one address: of IPv6 the network, since whoever has one address has all of it. */
export function addressGroup(address: string): string {
  return address ? ipKeyGenerator(address, 64) : "";
}
