// The build environment (ARGOCD_APP_*, KUBE_*) and its substitution, with the rules of Go's os.Expand that Argo CD
// applies: unknown names become empty, `$$` is a dollar. Pure.
export interface BuildEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** `$NAME` and `${NAME}` replaced. */
  substitute(text: string): string;
}

/** The parts of a render request the variables come from. */
export interface BuildFacts {
  readonly app: {
    readonly instance: string;
    readonly project: string;
    readonly destinationNamespace: string;
  };
  readonly artifact: { readonly revision: string };
  readonly kube: { readonly version: string; readonly apiVersions: readonly string[] };
  readonly source: {
    readonly path?: string | undefined;
    readonly repoURL: string;
    readonly targetRevision?: string | undefined;
  };
}

export function buildEnvironment({ app, artifact, kube, source }: BuildFacts): BuildEnvironment {
  const variables: Record<string, string> = {
    ARGOCD_APP_NAME: app.instance,
    ARGOCD_APP_NAMESPACE: app.destinationNamespace,
    ARGOCD_APP_PROJECT_NAME: app.project,
    ARGOCD_APP_REVISION: artifact.revision,
    ARGOCD_APP_REVISION_SHORT: artifact.revision.slice(0, 7),
    ARGOCD_APP_REVISION_SHORT_8: artifact.revision.slice(0, 8),
    ARGOCD_APP_SOURCE_PATH: source.path ?? '',
    ARGOCD_APP_SOURCE_REPO_URL: source.repoURL,
    ARGOCD_APP_SOURCE_TARGET_REVISION: source.targetRevision ?? '',
    KUBE_VERSION: kube.version.replace(/^v/, ''),
    KUBE_API_VERSIONS: kube.apiVersions.join(','),
  };
  const lookup = (name: string): string => (name === '$' ? '$' : (variables[name] ?? ''));
  return { variables, substitute: (text) => (text.includes('$') ? expand(text, lookup) : text) };
}

/** Go's os.Expand. */
export function expand(text: string, lookup: (name: string) => string): string {
  let out = '';
  let at = 0;
  for (
    let dollar = text.indexOf('$');
    dollar >= 0 && dollar + 1 < text.length;
    dollar = text.indexOf('$', at)
  ) {
    out += text.slice(at, dollar);
    const { name, length } = nameAfter(text, dollar + 1);
    if (name !== '') out += lookup(name);
    else if (length === 0) out += '$';
    at = dollar + 1 + length;
  }
  return out + text.slice(at);
}

/** The variable name at `at` and how many characters it takes; a malformed brace takes characters and has no name. */
function nameAfter(text: string, at: number): { name: string; length: number } {
  const first = text[at] as string;
  if (first === '{') {
    if (isSpecial(text[at + 1]) && text[at + 2] === '}') return { name: text[at + 1] as string, length: 3 };
    const close = text.indexOf('}', at + 1);
    if (close < 0) return { name: '', length: 1 };
    if (close === at + 1) return { name: '', length: 2 };
    return { name: text.slice(at + 1, close), length: close - at + 1 };
  }
  if (isSpecial(first)) return { name: first, length: 1 };
  const name = /^[A-Za-z0-9_]*/.exec(text.slice(at, at + 256))?.[0] ?? '';
  return { name, length: name.length };
}

function isSpecial(char: string | undefined): boolean {
  return char !== undefined && /^[*#$@!?0-9-]$/.test(char);
}
