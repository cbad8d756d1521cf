// Who may act. Every process observes, so that it can take over at once and answer questions; one of them writes.

export interface Leadership {
  /** True while this process may write to clusters and to the status of applications. */
  isLeader(): boolean;
  /** To call right before each effect. @throws LeaseLostError when another process may act by now */
  assertLeader(): void;
  /** Calls `handle` each time this process begins to lead; not for the first time, if that was before the call. */
  onGained(handle: () => void): void;
}

/** For a process that cannot have a second one beside it, because its cluster is its own. */
export const onlyLeader: Leadership = {
  isLeader: () => true,
  assertLeader() {},
  onGained() {},
};
