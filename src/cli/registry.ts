// Every command, in the order the help shows them. A new one is a file below commands/ and a line here.
import type { Command } from './command.ts';
import { accountCommands } from './commands/account/accounts.ts';
import { accountSecretCommands } from './commands/account/secrets.ts';
import { adminAppGenerateSpec } from './commands/admin/app-generate-spec.ts';
import { backupCommands } from './commands/admin/backup.ts';
import { adminClusterGenerateSpec } from './commands/admin/cluster.ts';
import { clusterReportCommands } from './commands/admin/cluster-reports.ts';
import { adminDashboard } from './commands/admin/dashboard.ts';
import { templateGet, templateNotify, triggerGet, triggerRun } from './commands/admin/notifications.ts';
import { overrideHealth } from './commands/admin/override-health.ts';
import { overrideIgnoreDifferences, overrideIgnoreUpdates } from './commands/admin/override-ignored.ts';
import { overrideListActions } from './commands/admin/override-list-actions.ts';
import { overrideRunAction } from './commands/admin/override-run-action.ts';
import { adminProjGenerateAllowList } from './commands/admin/proj-generate-allow-list.ts';
import { adminProjGenerateSpec } from './commands/admin/proj-generate-spec.ts';
import { adminProjUpdateRolePolicy } from './commands/admin/proj-update-role-policy.ts';
import { rbacCommands } from './commands/admin/rbac.ts';
import { reconcileResultCommands } from './commands/admin/reconcile-results.ts';
import { adminRepoGenerateSpec } from './commands/admin/repo.ts';
import { settingsValidate } from './commands/admin/settings-validate.ts';
import { appActionsList } from './commands/app/actions-list.ts';
import { appActionsRun } from './commands/app/actions-run.ts';
import { appConfirmDeletion } from './commands/app/confirm-deletion.ts';
import { appCreate } from './commands/app/create.ts';
import { appDelete } from './commands/app/delete.ts';
import { appDiff } from './commands/app/diff.ts';
import { appEditCommands } from './commands/app/edit.ts';
import { appExplain } from './commands/app/explain.ts';
import { appGet } from './commands/app/get.ts';
import { appHistory } from './commands/app/history.ts';
import { appList } from './commands/app/list.ts';
import { appLogs } from './commands/app/logs.ts';
import { appManifests } from './commands/app/manifests.ts';
import { appRelease } from './commands/app/release.ts';
import { appResourceCommands } from './commands/app/resource.ts';
import { appResources } from './commands/app/resources.ts';
import { appRollback } from './commands/app/rollback.ts';
import { appSet } from './commands/app/set.ts';
import { appAddSource, appRemoveSource } from './commands/app/sources.ts';
import { appSync } from './commands/app/sync.ts';
import { appTerminateOp } from './commands/app/terminate-op.ts';
import { appWait } from './commands/app/wait.ts';
import { appsetCreate } from './commands/appset/create.ts';
import { appsetDelete } from './commands/appset/delete.ts';
import { appsetGenerate } from './commands/appset/generate.ts';
import { appsetGet } from './commands/appset/get.ts';
import { appsetList } from './commands/appset/list.ts';
import { auditExport } from './commands/audit/export.ts';
import { auditQuery } from './commands/audit/query.ts';
import { auditVerify } from './commands/audit/verify.ts';
import { clusterAdd } from './commands/cluster/add.ts';
import { clusterRotateAuth, clusterSet } from './commands/cluster/change.ts';
import { clusterGet, clusterList, clusterRemove } from './commands/cluster/show.ts';
import { gpgAdd, gpgGet, gpgList, gpgRemove } from './commands/gpg/gpg.ts';
import { apiserver } from './commands/process/apiserver.ts';
import { serve } from './commands/process/serve.ts';
import { up } from './commands/process/up.ts';
import { projectCommands } from './commands/proj/basics.ts';
import { projEdit } from './commands/proj/edit.ts';
import { projectListCommands } from './commands/proj/lists.ts';
import { roleTokenCommands } from './commands/proj/role-tokens.ts';
import { roleCommands } from './commands/proj/roles.ts';
import { sourceIntegrityCommands } from './commands/proj/source-integrity.ts';
import { windowCommands } from './commands/proj/windows.ts';
import { certAddSsh, certAddTls, certList, certRemove } from './commands/repo/cert.ts';
import { repoAdd, repoGet, repoList, repoRemove } from './commands/repo/repo.ts';
import { repocredsAdd, repocredsList, repocredsRemove } from './commands/repo/repocreds.ts';
import { completionOf } from './commands/top/completion.ts';
import { configure } from './commands/top/configure.ts';
import { context } from './commands/top/context.ts';
import { login } from './commands/top/login.ts';
import { logout } from './commands/top/logout.ts';
import { names } from './commands/top/names.ts';
import { relogin } from './commands/top/relogin.ts';
import { version } from './commands/top/version.ts';

const list: readonly Command[] = [
  up,
  serve,
  apiserver,
  login,
  relogin,
  logout,
  context,
  ...accountCommands,
  ...accountSecretCommands,
  appList,
  appGet,
  appCreate,
  appSet,
  appAddSource,
  appRemoveSource,
  ...appEditCommands,
  appSync,
  appWait,
  appDiff,
  appExplain,
  appHistory,
  appRollback,
  appRelease,
  appManifests,
  appResources,
  ...appResourceCommands,
  appActionsList,
  appActionsRun,
  appLogs,
  appTerminateOp,
  appConfirmDeletion,
  appDelete,
  appsetList,
  appsetGet,
  appsetCreate,
  appsetGenerate,
  appsetDelete,
  ...projectCommands,
  projEdit,
  ...projectListCommands,
  ...roleCommands,
  ...roleTokenCommands,
  ...windowCommands,
  ...sourceIntegrityCommands,
  clusterAdd,
  clusterSet,
  clusterRotateAuth,
  clusterList,
  clusterGet,
  clusterRemove,
  repoAdd,
  repoGet,
  repoList,
  repoRemove,
  repocredsAdd,
  repocredsList,
  repocredsRemove,
  certAddSsh,
  certAddTls,
  certList,
  certRemove,
  gpgAdd,
  gpgGet,
  gpgList,
  gpgRemove,
  auditQuery,
  auditVerify,
  auditExport,
  templateGet,
  templateNotify,
  triggerGet,
  triggerRun,
  overrideHealth,
  overrideListActions,
  overrideRunAction,
  overrideIgnoreDifferences,
  overrideIgnoreUpdates,
  settingsValidate,
  adminProjGenerateSpec,
  adminProjUpdateRolePolicy,
  adminProjGenerateAllowList,
  adminAppGenerateSpec,
  ...reconcileResultCommands,
  ...backupCommands,
  adminDashboard,
  configure,
  adminClusterGenerateSpec,
  ...clusterReportCommands,
  adminRepoGenerateSpec,
  ...rbacCommands,
  version,
  names,
];

export const commands: readonly Command[] = [...list, completionOf(list)];
