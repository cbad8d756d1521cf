// Hands out IPv4 addresses of one range, each to one holder. Remembers nothing across restarts: holders claim the
// addresses they already have.

export class AddressPool {
  private readonly base: number;
  private readonly size: number;
  private readonly holders = new Map<string, string>();
  private readonly held = new Map<string, string>();
  private next = 2;

  /** @param network first address, e.g. `10.244.0.0`; `prefixLength` of its range. */
  constructor(network: string, prefixLength: number) {
    this.base = network.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    this.size = 2 ** (32 - prefixLength);
  }

  /** The address of a holder: the one it has, else the next free one. */
  assign(holder: string): string {
    const has = this.held.get(holder);
    if (has !== undefined) return has;
    for (let tried = 0; tried < this.size; tried += 1) {
      const address = addressText(this.base + this.next);
      this.next = this.next + 1 >= this.size - 1 ? 2 : this.next + 1;
      if (this.holders.has(address)) continue;
      this.claim(holder, address);
      return address;
    }
    throw new RangeError(`Cannot assign an address to ${holder}: all ${this.size} of the range are taken`);
  }

  /** Notes an address that a holder got earlier. */
  claim(holder: string, address: string): void {
    this.holders.set(address, holder);
    this.held.set(holder, address);
  }

  release(holder: string): void {
    const address = this.held.get(holder);
    this.held.delete(holder);
    if (address !== undefined && this.holders.get(address) === holder) this.holders.delete(address);
  }
}

function addressText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
