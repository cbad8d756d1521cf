// Which fields a request cannot change, by kind and subresource: those are neither owned nor in conflict.
import type { FieldSet } from './field-set.ts';
import { EMPTY_SET } from './field-set.ts';
import { setOf } from './ownership.ts';

const STATUS = setOf([['status']]);
const SPEC = setOf([['spec']]);
const SPEC_AND_METADATA = setOf([['spec'], ['metadata']]);

/** Kinds whose status requests leave more than the spec alone. */
const STATUS_RESETS: Readonly<Record<string, FieldSet>> = {
  'apps/Deployment': setOf([['spec'], ['metadata', 'labels']]),
  '/Pod': setOf([['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']]),
  'networking.k8s.io/ServiceCIDR': EMPTY_SET,
  'certificates.k8s.io/CertificateSigningRequest': setOf([['spec'], ['status', 'conditions']]),
};

const METADATA_TOO = new Set([
  'storage.k8s.io/VolumeAttachment',
  'flowcontrol.apiserver.k8s.io/FlowSchema',
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration',
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
  'resource.k8s.io/ResourceClaim',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apiregistration.k8s.io/APIService',
]);

export interface ResetRequest {
  readonly group: string;
  readonly kind: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** Whether the kind has a status subresource at all. */
  readonly hasStatus: boolean;
}

/** The fields a request leaves as they are. */
export function resetFieldsOf(request: ResetRequest): FieldSet {
  const { subresource, hasStatus } = request;
  const key = `${request.group}/${request.kind}`;
  if (subresource === '') {
    if (key === 'certificates.k8s.io/CertificateSigningRequest') return SPEC_AND_STATUS;
    return hasStatus && key !== 'networking.k8s.io/ServiceCIDR' ? STATUS : EMPTY_SET;
  }
  if (subresource === 'approval') return APPROVAL;
  if (subresource !== 'status') return EMPTY_SET;
  return STATUS_RESETS[key] ?? (METADATA_TOO.has(key) ? SPEC_AND_METADATA : SPEC);
}

const SPEC_AND_STATUS = setOf([['spec'], ['status']]);
const APPROVAL = setOf([['spec'], ['status', 'certificate']]);
