// Which facts of the cluster a chart asks for, found in its text: so that installing an unrelated CRD somewhere does
// not render every chart anew. What cannot be told exactly counts as asking for everything.

export interface CapabilityUse {
  readonly kubeVersion: boolean;
  /** API versions asked for by a literal, sorted; undefined: any may be asked for. */
  readonly apiVersions: readonly string[] | undefined;
}

const USE =
  /Capabilities(?:\.APIVersions\.Has\s+(?:"([^"\n]*)"|`([^`\n]*)`)|\.(KubeVersion|HelmVersion)\b)?/g;

/** Looks through the texts of templates and values (values may be rendered by `tpl`). */
export function capabilityUse(texts: Iterable<string>): CapabilityUse {
  const literals = new Set<string>();
  let kubeVersion = false;
  let anything = false;
  for (const text of texts) {
    if (!text.includes('Capabilities')) continue;
    for (const match of text.matchAll(USE)) {
      const [, quoted, raw, member] = match;
      const literal = quoted ?? raw;
      // An escape inside the quotes would name something else than what stands there.
      if (literal !== undefined && !literal.includes('\\')) literals.add(literal);
      else if (member === 'KubeVersion') kubeVersion = true;
      else if (member !== 'HelmVersion') anything = true;
    }
  }
  return anything
    ? { kubeVersion: true, apiVersions: undefined }
    : { kubeVersion, apiVersions: [...literals].sort() };
}
