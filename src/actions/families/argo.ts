// Applications and GitOps Promoter.
import type { ActionFamily } from '../action.ts';
import { annotating, at, icons, setting, withAt } from '../edit.ts';

export const applicationActions: ActionFamily = (object) => {
  const automated = at(object, 'spec', 'syncPolicy', 'automated');
  const isOn = automated !== undefined && automated !== null && at(automated, 'enabled') !== false;
  return [
    {
      name: 'toggle-auto-sync',
      displayName: isOn ? 'Disable Auto Sync' : 'Enable Auto Sync',
      iconClass: isOn ? icons.pause : icons.play,
      // Prune and self-heal survive being switched off.
      run: (call) => withAt(call.object, ['spec', 'syncPolicy', 'automated', 'enabled'], !isOn),
    },
    annotating(
      { name: 'refresh', displayName: 'Refresh', iconClass: icons.refresh },
      'argocd.argoproj.io/refresh',
      'normal',
    ),
  ];
};

export const promoterPullRequestActions: ActionFamily = (object) => [
  setting(
    { name: 'merge', iconClass: icons.forward, disabled: at(object, 'spec', 'state') === 'merged' },
    ['spec', 'state'],
    'merged',
  ),
];
