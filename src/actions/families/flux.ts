// Flux: what `flux reconcile`, `flux suspend` and `flux resume` do, for all kinds of its toolkit.
import type { ActionFamily } from '../action.ts';
import { annotating, at, icons, setting } from '../edit.ts';

const REQUESTED_AT = 'reconcile.fluxcd.io/requestedAt';

const reconcile = annotating(
  { name: 'reconcile', displayName: 'Reconcile', iconClass: icons.refresh },
  REQUESTED_AT,
  (now) => new Date(now).toISOString(),
);

export const fluxActions: ActionFamily = (object) => {
  const isSuspended = at(object, 'spec', 'suspend') === true;
  return [
    { ...reconcile, disabled: isSuspended },
    setting({ name: 'suspend', iconClass: icons.pause, disabled: isSuspended }, ['spec', 'suspend'], true),
    setting({ name: 'resume', iconClass: icons.play, disabled: !isSuspended }, ['spec', 'suspend'], false),
  ];
};

/** Flux's Receivers and Kustomizations alike; `group/Kind`. */
export const fluxKinds: readonly string[] = [
  'kustomize.toolkit.fluxcd.io/Kustomization',
  'helm.toolkit.fluxcd.io/HelmRelease',
  'source.toolkit.fluxcd.io/GitRepository',
  'source.toolkit.fluxcd.io/OCIRepository',
  'source.toolkit.fluxcd.io/HelmRepository',
  'source.toolkit.fluxcd.io/HelmChart',
  'source.toolkit.fluxcd.io/Bucket',
  'image.toolkit.fluxcd.io/ImageRepository',
  'image.toolkit.fluxcd.io/ImagePolicy',
  'image.toolkit.fluxcd.io/ImageUpdateAutomation',
  'notification.toolkit.fluxcd.io/Receiver',
  'notification.toolkit.fluxcd.io/Alert',
  'notification.toolkit.fluxcd.io/Provider',
];
