// Exit codes, as scripts around the argocd command know them.

export const ExitCode = {
  Ok: 0,
  /** The command ran and what it was about did not succeed: a failed sync, a difference found, a wrong usage. */
  CommandFailed: 1,
  /** The server was not reached. */
  Unreachable: 11,
  /** Anything else that went wrong, an answer of the server included. */
  General: 20,
  /** Ended by Ctrl-C. */
  Interrupted: 130,
} as const;
export type ExitCode = number;
