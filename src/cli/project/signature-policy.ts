// Policies of a project that say whose signatures the commits of a repository need. Pure.
import type { ProjectSpec } from '../../model/index.ts';
import type { OptionSpecs, OptionsOf } from '../command.ts';
import { CliError } from '../errors.ts';

type Integrity = NonNullable<ProjectSpec['sourceIntegrity']>;
export type SignaturePolicy = NonNullable<Integrity['git']>['policies'][number];

const MODES = ['none', 'head', 'strict'] as const;
const mode = (what: string) =>
  ({
    type: 'string',
    choices: MODES,
    describe: `${what}: of no commit, of the one that is deployed, or of all since the last one`,
  }) as const;

/** Flags that say what a policy is. */
export const policyOptions = {
  'repo-url': {
    type: 'list',
    value: 'pattern',
    describe: 'Repositories it is for, e.g. https://git.example.com/shop/*',
  },
  'gpg-mode': mode('OpenPGP signatures are needed'),
  'gpg-key': { type: 'list', value: 'id', describe: 'OpenPGP keys that count (may be repeated)' },
  'ssh-mode': mode('SSH signatures are needed'),
  'ssh-key': {
    type: 'list',
    value: 'key',
    describe: 'SSH keys that count, by SHA256 fingerprint or principal',
  },
} as const satisfies OptionSpecs;

/** Flags that change lists of a policy item by item. */
export const policyChangeOptions = {
  'add-repo-url': { type: 'list', value: 'pattern', describe: 'One more repository' },
  'delete-repo-url': { type: 'list', value: 'pattern', describe: 'One repository less' },
  'add-gpg-key': { type: 'list', value: 'id', describe: 'One more OpenPGP key' },
  'delete-gpg-key': { type: 'list', value: 'id', describe: 'One OpenPGP key less' },
  'add-ssh-key': { type: 'list', value: 'key', describe: 'One more SSH key' },
  'delete-ssh-key': { type: 'list', value: 'key', describe: 'One SSH key less' },
} as const satisfies OptionSpecs;

type Given = OptionsOf<typeof policyOptions> & Partial<OptionsOf<typeof policyChangeOptions>>;

/** The policy with what the flags say; throws CliError where nothing of it is left. */
export function withPolicyFlags(policy: SignaturePolicy, given: Given): SignaturePolicy {
  const urls = changed(
    policy.repos.map(({ url }) => url),
    { set: given['repo-url'], add: given['add-repo-url'], remove: given['delete-repo-url'] },
  );
  if (urls.length === 0) throw new CliError('USAGE', 'Name the repositories with --repo-url', 1);
  const gpg = signers(policy.gpg, given['gpg-mode'], {
    set: given['gpg-key'],
    add: given['add-gpg-key'],
    remove: given['delete-gpg-key'],
  });
  const ssh = signers(policy.ssh, given['ssh-mode'], {
    set: given['ssh-key'],
    add: given['add-ssh-key'],
    remove: given['delete-ssh-key'],
  });
  if (gpg === undefined && ssh === undefined && policy.sigstore === undefined)
    throw new CliError('USAGE', 'Say what must be signed with --gpg-mode or --ssh-mode', 1);
  return {
    ...policy,
    repos: urls.map((url) => ({ url })),
    ...(gpg === undefined ? {} : { gpg }),
    ...(ssh === undefined ? {} : { ssh }),
  };
}

interface ListChange {
  readonly set?: readonly string[] | undefined;
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
}

function signers(
  before: SignaturePolicy['gpg'],
  wanted: string | undefined,
  change: ListChange,
): SignaturePolicy['gpg'] {
  const keys = changed(before?.keys ?? [], change);
  const chosen = wanted ?? before?.mode;
  if (chosen === undefined && keys.length === 0) return undefined;
  if (chosen === undefined) throw new CliError('USAGE', 'Keys need a mode: --gpg-mode or --ssh-mode', 1);
  return { mode: chosen, ...(keys.length === 0 ? {} : { keys }) };
}

function changed(before: readonly string[], { set = [], add = [], remove = [] }: ListChange): string[] {
  const absent = remove.find((item) => !before.includes(item));
  if (absent !== undefined) throw new CliError('FAILED', `'${absent}' is not in the policy`);
  const base = set.length > 0 ? set : before.filter((item) => !remove.includes(item));
  return [...new Set([...base, ...add])];
}
