// Connections to servers that are kept open, by who they are for; bounded, and closed together at the end.
interface Server {
  close(): Promise<void>;
}

const MAX_SERVERS = 2_000;

export class Servers<T extends Server> {
  readonly #open = new Map<string, T>();

  of(key: string, make: () => T): T {
    const known = this.#open.get(key);
    this.#open.delete(key);
    const server = known ?? make();
    this.#open.set(key, server);
    for (const [oldest, idle] of this.#open) {
      if (this.#open.size <= MAX_SERVERS) break;
      this.#open.delete(oldest);
      // What still runs there fails, and is asked for again.
      idle.close().catch(() => {});
    }
    return server;
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map((server) => server.close()));
  }
}
