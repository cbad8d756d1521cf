// The tracker of places that offer charts and artifacts, one for each address, credential and, in registries, target.
import type { PackageFeed, PackagePlace, PackageSnapshot } from '../../source/index.ts';
import type { RepositoryTracker } from './tracker.ts';

export type PackageTracker = RepositoryTracker<PackagePlace, PackageSnapshot, PackageFeed>;
