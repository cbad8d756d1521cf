// The tree of objects below an application, as Argo CD's resource-tree API shows it.

export interface ResourceRef {
  readonly group?: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

export interface ResourceNode extends ResourceRef {
  readonly parentRefs?: readonly ResourceRef[];
  readonly info?: readonly { readonly name: string; readonly value: string }[];
  readonly networkingInfo?: {
    readonly targetLabels?: Readonly<Record<string, string>>;
    readonly targetRefs?: readonly ResourceRef[];
    readonly labels?: Readonly<Record<string, string>>;
    readonly ingress?: readonly { readonly hostname?: string; readonly ip?: string }[];
    readonly externalURLs?: readonly string[];
  };
  readonly resourceVersion?: string;
  readonly images?: readonly string[];
  readonly health?: { readonly status?: string; readonly message?: string };
  readonly createdAt?: string;
}

export interface ResourceTree {
  readonly nodes: readonly ResourceNode[];
  readonly orphanedNodes: readonly ResourceNode[];
}
