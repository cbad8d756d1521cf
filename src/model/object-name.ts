// Names that Kubernetes accepts for most objects: DNS-1123 sub-domains.
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MAX_CHARS = 253;

/** Lower-case letters, digits, "-" and ".", each part beginning and ending with a letter or digit. */
export function isObjectName(text: string): boolean {
  return text.length <= MAX_CHARS && NAME.test(text);
}
