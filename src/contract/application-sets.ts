// ApplicationSets in the API: what a list, a stream and a write carry, and what they would generate.
import { z } from 'zod';
import {
  type Application,
  type ApplicationSet,
  ApplicationSetSpec,
  type ResourceNode,
} from '../model/index.ts';
import { ObjectMetadataWrite, serverMembers, type WatchEventType } from './applications.ts';
import { flag, text, texts } from './query.ts';

/** Which ApplicationSet a request means, beside its name in the path. */
export const ApplicationSetScope = z.object({ appsetNamespace: text, project: texts });

const which = {
  projects: texts,
  project: texts,
  selector: text,
  appsetNamespace: text,
};
export const ApplicationSetListQuery = z.object(which);

export const ApplicationSetStreamQuery = z.object({
  ...which,
  /** As the gateway spells it for streams alone. */
  appSetNamespace: text,
  name: text,
  resourceVersion: text,
  /** Paths below `result` to keep, comma-separated; a leading `-` keeps everything else. */
  fields: text,
});

/** `dryRun`: nothing is written; the answer has the applications there would be in `status.resources`. */
export const ApplicationSetCreateQuery = z.object({ upsert: flag, dryRun: flag });

/** What a client may send of an ApplicationSet; the status is the controller's. */
export const ApplicationSetWrite = z.object({
  ...serverMembers,
  metadata: ObjectMetadataWrite,
  spec: ApplicationSetSpec,
});
export type ApplicationSetWrite = z.output<typeof ApplicationSetWrite>;

export const ApplicationSetGenerateRequest = z.object({ applicationSet: ApplicationSetWrite });

export interface ApplicationSetList {
  readonly metadata: {
    /** Where a stream may start. */
    readonly resourceVersion: string;
  };
  readonly items: readonly ApplicationSet[];
}

/** The applications that an ApplicationSet would have. */
export interface ApplicationSetGenerateResponse {
  readonly applications: readonly Application[];
  /** Generated, and cannot be made as they are; absent when there is none. */
  readonly unusable?: readonly { readonly name: string; readonly reason: string }[];
}

/** The applications that an ApplicationSet has. */
export interface ApplicationSetTree {
  readonly nodes: readonly ResourceNode[];
}

/** The `result` of each line (or server-sent event) of the stream of ApplicationSets. */
export interface ApplicationSetWatchEvent {
  readonly type: WatchEventType;
  readonly applicationSet: ApplicationSet;
}
