// The error body of the API: grpc-gateway's three members, and how its codes and HTTP statuses belong together.

/** Names of the gRPC codes the API uses. */
export const grpcCodes = {
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;
export type GrpcCodeName = keyof typeof grpcCodes;

/** grpc-gateway's mapping. */
export const httpStatusOf: Readonly<Record<GrpcCodeName, number>> = {
  Canceled: 499,
  Unknown: 500,
  InvalidArgument: 400,
  DeadlineExceeded: 504,
  NotFound: 404,
  AlreadyExists: 409,
  PermissionDenied: 403,
  ResourceExhausted: 429,
  FailedPrecondition: 400,
  Aborted: 409,
  OutOfRange: 400,
  Unimplemented: 501,
  Internal: 500,
  Unavailable: 503,
  DataLoss: 500,
  Unauthenticated: 401,
};

/** What every failed request answers. `error` repeats `message`, as the gateway does. */
export interface ErrorBody {
  readonly error: string;
  /** A number of `grpcCodes`. */
  readonly code: number;
  readonly message: string;
}
