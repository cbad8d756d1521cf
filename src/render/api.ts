// The tool adapters by source type. Adding a tool is adding a folder and a line.
import type { SourceType } from '../model/index.ts';
import { directoryAdapter } from './directory/index.ts';
import { helmAdapter } from './helm/index.ts';
import { kustomizeAdapter } from './kustomize/index.ts';
import type { Adapter } from './request.ts';

export const ADAPTERS: ReadonlyMap<SourceType, Adapter> = new Map(
  [directoryAdapter, helmAdapter, kustomizeAdapter].map((adapter) => [adapter.type, adapter]),
);
