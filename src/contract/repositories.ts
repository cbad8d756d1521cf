// Repositories, credential templates and trusted host keys and certificates as the API takes and shows them. What is
// shown never has a password, a token or a key in it.
import { z } from 'zod';
import { ApplicationSource } from '../model/index.ts';
import { flag, text } from './query.ts';

const optionalText = z
  .string()
  .max(100_000)
  .refine((value) => !/\p{Surrogate}|\0/u.test(value), 'holds characters that are no text')
  .nullish();
const optionalFlag = z.boolean().nullish();
/** 64-bit numbers are texts in Argo CD's JSON, and `0` when they are not set. */
const optionalId = z.union([z.string().regex(/^\d{0,19}$/, 'is no number'), z.int().min(0)]).nullish();
const ignored = z.unknown().optional();
/** A way to sign in that is not supported is refused, not ignored. */
const unsupported = z.union([z.literal(''), z.literal(false), z.null()]).optional();

/** Argo CD's `Repository`; members that say what was found out are ignored when sent. */
export const RepositoryBody = z.object({
  repo: z.string().min(1).max(2_000),
  type: z.enum(['', 'git', 'helm', 'oci']).nullish(),
  name: optionalText,
  project: optionalText,
  username: optionalText,
  password: optionalText,
  bearerToken: optionalText,
  sshPrivateKey: optionalText,
  insecure: optionalFlag,
  insecureIgnoreHostKey: optionalFlag,
  insecureOCIForceHttp: optionalFlag,
  enableLfs: optionalFlag,
  enableOCI: optionalFlag,
  forceHttpBasicAuth: optionalFlag,
  tlsClientCertData: optionalText,
  tlsClientCertKey: optionalText,
  proxy: optionalText,
  noProxy: optionalText,
  githubAppID: optionalId,
  githubAppInstallationID: optionalId,
  githubAppPrivateKey: optionalText,
  githubAppEnterpriseBaseUrl: optionalText,
  gcpServiceAccountKey: unsupported,
  useAzureWorkloadIdentity: unsupported,
  connectionState: ignored,
  inheritedCreds: ignored,
});
export type RepositoryBody = z.infer<typeof RepositoryBody>;

/** A credential template names a prefix of addresses in `url`. */
export const RepositoryTemplateBody = RepositoryBody.omit({ repo: true, name: true, project: true }).extend({
  url: z.string().min(1).max(2_000),
});
export type RepositoryTemplateBody = z.infer<typeof RepositoryTemplateBody>;

export const RepositoryWriteQuery = z.object({ upsert: flag, project: text, appProject: text });
/** `repo`: only what is configured for this address, that of project `appProject` before one for all. */
export const RepositoryReadQuery = z.object({
  repo: text,
  forceRefresh: flag,
  project: text,
  appProject: text,
});

export interface ConnectionState {
  /** `Successful`, `Failed` or `Unknown`. */
  readonly status: string;
  readonly message: string;
  /** RFC 3339. */
  readonly attemptedAt?: string | null;
}

export interface RepositoryView {
  readonly repo: string;
  readonly type: string;
  readonly name?: string;
  readonly project?: string;
  readonly username?: string;
  readonly insecure?: boolean;
  readonly insecureIgnoreHostKey?: boolean;
  readonly enableLfs?: boolean;
  readonly enableOCI?: boolean;
  readonly proxy?: string;
  readonly noProxy?: string;
  readonly githubAppID?: string;
  readonly githubAppInstallationID?: string;
  /** The credential is lent by a template. */
  readonly inheritedCreds?: boolean;
  readonly connectionState?: ConnectionState;
}

export interface RepositoryList {
  readonly metadata: Readonly<Record<string, never>>;
  readonly items: readonly RepositoryView[];
}

/** The charts of a Helm repository; versions newest first. */
export interface ChartList {
  readonly items: readonly { readonly name: string; readonly versions: readonly string[] }[];
}

/** Names that a targetRevision may have. */
export interface RepositoryRefs {
  readonly branches: readonly string[];
  readonly tags: readonly string[];
}

/** A folder that a tool renders. */
export interface AppInfo {
  /** `.` is the root. */
  readonly path: string;
  /** `Helm` or `Kustomize`. */
  readonly type: string;
}

export interface AppList {
  readonly items: readonly AppInfo[];
}

/** `revision`: default HEAD. */
export const RepositoryAppsQuery = z.object({
  revision: text,
  appName: text,
  appProject: text,
  project: text,
});

/** The source is that of an application which exists, or of one that the caller may create. */
export const AppDetailsRequest = z.object({
  source: ApplicationSource,
  appName: z.string().max(253).default(''),
  appNamespace: z.string().max(63).default(''),
  appProject: z.string().max(253).default(''),
});

export type AppDetailsRequest = z.infer<typeof AppDetailsRequest>;

/** What can be set in a source, by the tool that renders it. */
export interface AppDetails {
  readonly type: string;
  readonly helm?: {
    readonly name: string;
    readonly valueFiles: readonly string[];
    /** The text of values.yaml. */
    readonly values: string;
    /** Named as for `helm --set`; 2,000 at most. */
    readonly parameters: readonly { readonly name: string; readonly value: string }[];
    readonly fileParameters: readonly {
      readonly name?: string | undefined;
      readonly path?: string | undefined;
    }[];
  };
  /** Images of what it renders to. */
  readonly kustomize?: { readonly images: readonly string[] };
  readonly directory?: object;
  readonly plugin?: object;
}

export interface RepositoryTemplateView {
  readonly url: string;
  readonly type: string;
  readonly username?: string;
  readonly githubAppID?: string;
  readonly githubAppInstallationID?: string;
}

export interface RepositoryTemplateList {
  readonly metadata: Readonly<Record<string, never>>;
  readonly items: readonly RepositoryTemplateView[];
}

/** `certData` and `certInfo` as Argo CD: base64 of the PEM or of the key, and a fingerprint or a subject. */
export interface CertificateView {
  readonly serverName: string;
  readonly certType: 'ssh' | 'https';
  readonly certSubType: string;
  readonly certData: string;
  readonly certInfo: string;
}

export const CertificateBody = z.object({
  items: z
    .array(
      z.object({
        serverName: z.string().regex(/^[A-Za-z0-9.:[\]-]{1,253}$/, 'is no host name'),
        certType: z.enum(['ssh', 'https']),
        certSubType: z.string().max(100).nullish(),
        certData: z.string().max(200_000),
      }),
    )
    .max(500),
});
export type CertificateBody = z.infer<typeof CertificateBody>;
export const CertificateQuery = z.object({
  upsert: flag,
  hostNamePattern: text,
  certType: text,
  certSubType: text,
});
export interface CertificateList {
  readonly metadata: Readonly<Record<string, never>>;
  readonly items: readonly CertificateView[];
}
