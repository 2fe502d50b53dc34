import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { ipKeyGenerator } from "express-rate-limit";

/** What counts as one address: of IPv6 the network, since whoever has one address has all of it. */
export function addressGroup(address: string): string {
  return address ? ipKeyGenerator(address, 64) : "";
}

/**
 * Where a request comes from: what the trusted proxies say, without what some of them add to it; if
 * that is no address, who is connected.
 */
export function addressOf(request: IncomingMessage & { readonly ip?: string | undefined }): string {
  return readAddress(request.ip ?? "") ?? readAddress(request.socket.remoteAddress ?? "") ?? "";
}

/** An address out of `x-forwarded-for`, where it may have a port, brackets, quotes or a zone. */
export function readAddress(text: string): string | undefined {
  const [, bracketed, withPort] =
    /^"?(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)"?$/.exec(text.trim()) ?? [];
  const address = (bracketed ?? withPort ?? text.trim()).replace(/%.*$/, "");
  if (isIP(address) === 0) return undefined;
  return addressFamily6(address) ?? address;
}

/** IPv6 in its one form; an IPv4 address inside of one as what it is. */
function addressFamily6(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return canonical;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(parseInt(high, 16), 0);
  bytes.writeUInt16BE(parseInt(low, 16), 2);
  return bytes.join(".");
}
