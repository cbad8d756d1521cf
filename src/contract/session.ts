// Signing in, who is signed in, and what the server says about itself.
import { z } from 'zod';

export const SessionCreateRequest = z.object({
  username: z.string().max(256).default(''),
  password: z.string().max(1024).default(''),
  /** Id of an identity provider that takes passwords (LDAP); absent: a local account. */
  connector: z.string().max(100).optional(),
});
export type SessionCreateRequest = z.input<typeof SessionCreateRequest>;

export interface SessionResponse {
  readonly token: string;
}

export interface UserInfo {
  readonly loggedIn: boolean;
  readonly username?: string;
  readonly iss?: string;
  readonly groups?: readonly string[];
}

/** Capitalised as in Argo CD. Without a session only an empty object is answered. */
export interface VersionInfo {
  readonly Version?: string;
  readonly BuildDate?: string;
  readonly GitCommit?: string;
  readonly Platform?: string;
  readonly KubectlVersion?: string;
  readonly HelmVersion?: string;
  readonly KustomizeVersion?: string;
  readonly JsonnetVersion?: string;
}

export interface Settings {
  readonly url?: string;
  /** True: nobody needs to sign in (`--auth off`). */
  readonly authDisabled: boolean;
  readonly userLoginsDisabled: boolean;
  readonly controllerNamespace?: string;
  readonly appLabelKey?: string;
  readonly trackingMethod?: string;
  readonly appsInAnyNamespaceEnabled?: boolean;
  /** Identity providers to sign in with, in the order to offer them. */
  readonly connectors?: readonly {
    readonly id: string;
    readonly name: string;
    readonly type: string;
    /** `redirect`: go to /auth/login; `password`: name and password go to /api/v1/session with `connector`. */
    readonly kind: 'redirect' | 'password';
  }[];
  readonly execEnabled: boolean;
  readonly statusBadgeEnabled: boolean;
  readonly statusBadgeRootUrl?: string;
  readonly help?: { readonly chatUrl?: string; readonly chatText?: string };
  readonly uiBannerContent?: string;
  readonly uiBannerURL?: string;
  readonly uiBannerPermanent?: boolean;
  readonly uiBannerPosition?: string;
  readonly passwordPattern?: string;
  readonly impersonationEnabled?: boolean;
}

const short = z.string().max(2_000).optional();

/** `cli_…`: a command line waits on this port of the person's own machine for a code that only it can use. */
export const SsoLoginQuery = z.object({
  connector: z.string().max(100).optional(),
  return_url: short,
  cli_port: z.coerce.number().int().min(1_024).max(65_535).optional(),
  cli_challenge: short,
  cli_state: short,
});
export const SsoCallbackQuery = z.object({
  code: z.string().max(8_000).optional(),
  state: short,
  iss: short,
  error: short,
});
export const SsoCallbackForm = z.object({
  SAMLResponse: z.string().max(524_288).optional(),
  RelayState: short,
  code: z.string().max(8_000).optional(),
  state: short,
  error: short,
  /** Sent by our own page, with the cookie of the attempt. */
  again: short,
});
/** What a command line shows and asks with; `verificationPath` is below the address of the server. */
export interface DeviceCode {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationPath: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}
export const DeviceApproval = z.object({ userCode: z.string().max(40) });
export const DeviceSessionRequest = z.object({ deviceCode: z.string().max(8_192) });
export type DeviceSessionResponse =
  | { readonly status: 'pending' }
  | { readonly status: 'approved'; readonly token: string };
export const CliSessionRequest = z.object({
  code: z.string().max(8_192),
  verifier: z.string().min(43).max(128),
});
