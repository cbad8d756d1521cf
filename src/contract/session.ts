// Signing in, who is signed in, and what the server says about itself.
import { z } from 'zod';

export const SessionCreateRequest = z.object({
  username: z.string().max(256).default(''),
  password: z.string().max(1024).default(''),
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
