// Content negotiation: which form of an answer a client asked for. Protobuf and CBOR are not spoken; a client that
// accepts nothing else gets 406, one that sends them 415. Pure.
import { ApiError } from '../errors.ts';

export interface View {
  /** `object` is the object itself. */
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** Version of the meta.k8s.io form. */
  readonly metaVersion: 'v1' | 'v1beta1';
  readonly yaml: boolean;
  /** Aggregated discovery asked for. */
  readonly discovery: 'v2' | 'v2beta1' | undefined;
}

const PLAIN: View = { as: 'object', metaVersion: 'v1', yaml: false, discovery: undefined };
const KNOWN = new Map<string, View>([
  ['', PLAIN],
  ['*/*', PLAIN],
  ['application/json', PLAIN],
]);
const KNOWN_LIMIT = 256;

/** @throws ApiError 406 when no form in the Accept header can be made. */
export function negotiate(accept: string | undefined): View {
  const header = accept ?? '';
  const known = KNOWN.get(header);
  if (known !== undefined) return known;
  for (const range of header.split(',')) {
    const view = viewOf(range);
    if (view === undefined) continue;
    if (KNOWN.size < KNOWN_LIMIT) KNOWN.set(header, view);
    return view;
  }
  throw new ApiError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
}

function viewOf(range: string): View | undefined {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
  const json = type === 'application/json' || type === '*/*' || type === 'application/*';
  if (!json && type !== 'application/yaml') return undefined;
  const values = new Map<string, string>();
  for (const parameter of parameters) {
    const [key = '', value = ''] = parameter.split('=');
    values.set(key, value);
  }
  const as = values.get('as');
  const base = { ...PLAIN, yaml: !json };
  if (as === undefined) return base;
  if (values.get('g') === 'apidiscovery.k8s.io') {
    const version = values.get('v');
    return version === 'v2' || version === 'v2beta1' ? { ...base, discovery: version } : undefined;
  }
  if (values.get('g') !== 'meta.k8s.io') return undefined;
  const metaVersion = values.get('v');
  if (metaVersion !== 'v1' && metaVersion !== 'v1beta1') return undefined;
  if (as !== 'Table' && as !== 'PartialObjectMetadata' && as !== 'PartialObjectMetadataList')
    return undefined;
  return { ...base, as, metaVersion };
}
