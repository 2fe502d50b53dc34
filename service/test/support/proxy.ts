import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export interface Proxy {
  readonly port: number;
  /** Cuts all connections, and takes no more. */
  stop(): Promise<void>;
  /** Takes connections again, at the same port. */
  start(): Promise<void>;
}

/** A port of 127.0.0.1 that leads to another one, until it is cut. */
export async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let server: Server | undefined = await listen(0, target, sockets);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    stop: async () => {
      if (!server) return;
      const closed = once(server, "close");
      server.close();
      server = undefined;
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    start: async () => {
      server ??= await listen(port, target, sockets);
    },
  };
}

async function listen(port: number, target: number, sockets: Set<Socket>): Promise<Server> {
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => sockets.delete(socket));
      socket.pipe(other);
    }
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  return server;
}
