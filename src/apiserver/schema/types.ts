// The in-memory form of a structural schema, one for built-in kinds and custom resources alike. No logic.

/** A CEL rule of `x-kubernetes-validations`. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  /** CEL that yields the message; `message` is used when it fails. */
  readonly messageExpression?: string;
  /** Reason of the cause in the Status, default FieldValueInvalid. */
  readonly reason?: string;
  /** Relative JSON path reported instead of the rule's own. */
  readonly fieldPath?: string;
  /** Evaluates transition rules on creation too, `oldSelf` being an optional. */
  readonly optionalOldSelf?: boolean;
}

export type SchemaType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';

/** `quantity` is Fairlead's own format name for resource.Quantity. */
export interface Schema {
  readonly type?: SchemaType;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  /** A schema of the other members, or true when any are kept. */
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly nullable?: boolean;
  /** Built-in kinds: `{}` marks a struct that is always present, '' and 0 values the server always writes. */
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly intOrString?: boolean;
  readonly preserveUnknownFields?: boolean;
  readonly embeddedResource?: boolean;
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  readonly mapType?: 'atomic' | 'granular';
  readonly patchMergeKey?: string;
  /** `merge`, `replace`, `retainKeys`, or two of them separated by a comma. */
  readonly patchStrategy?: string;
  readonly validations?: readonly ValidationRule[];
  /** Built-in kinds: the server leaves the member out when it is '', 0 or false. */
  readonly omitZero?: boolean;
  /** Built-in kinds: the server writes null for the list or map when nobody set it. */
  readonly nullWhenAbsent?: boolean;
  /** Built-in kinds: name of the Go type, for messages. */
  readonly definition?: string;
}

/** A resource under another (`pods/log`) and the kind it takes and answers. */
export interface BuiltinSubresource {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly verbs: readonly string[];
}

/** A resource type of one served version. */
export interface BuiltinKind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly BuiltinSubresource[];
  /** True for the version objects are stored in. */
  readonly storageVersion: boolean;
  /** Opaque hash the real server publishes in discovery, when it has one. */
  readonly storageVersionHash?: string;
  /** The schema; built on the first call, the same object afterwards. */
  schema(): Schema;
}
