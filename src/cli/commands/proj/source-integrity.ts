// Whose signatures the commits of a project's repositories need. A policy is named by its place in the list.
import type { ProjectSpec } from '../../../model/index.ts';
import { type Command, defineCommand } from '../../command.ts';
import { isConfirmed } from '../../confirm.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { changeProject } from '../../project/change.ts';
import {
  policyChangeOptions,
  policyOptions,
  type SignaturePolicy,
  withPolicyFlags,
} from '../../project/signature-policy.ts';
import { printResult, resultOption } from '../../result.ts';

const WORDS = 'proj source-integrity git policies';

const list = defineCommand({
  words: `${WORDS} list`,
  describe: 'List whose signatures the commits of a project need',
  positionals: ['PROJECT'],
  options: resultOption,
  async run({ client, options, out, positionals: [project = ''] }) {
    const policies = policiesOf((await (await client()).projects.get(project)).spec);
    const rows = policies.map(({ repos, gpg, ssh, sigstore }, id) => [
      String(id),
      repos.map(({ url }) => url).join(', '),
      signers(gpg),
      signers(ssh),
      sigstore === undefined ? '' : `${sigstore.mode}: ${(sigstore.identities ?? []).length} identities`,
    ]);
    const text = table(['ID', 'REPO-URLS', 'GPG', 'SSH', 'SIGSTORE'], rows);
    printResult(out, options.output, policies, text);
    return ExitCode.Ok;
  },
});

const add = defineCommand({
  words: `${WORDS} add`,
  describe: 'Demand signatures for the commits of repositories',
  positionals: ['PROJECT'],
  options: { ...policyOptions, ...resultOption },
  examples: [
    "fairlead proj source-integrity git policies add shop --repo-url 'https://git.example.com/shop/*' --gpg-mode strict --gpg-key D56C4FCA57A46444",
  ],
  async run({ client, options, out, positionals: [project = ''] }) {
    const policy = withPolicyFlags({ repos: [] }, options);
    const changed = await changeProject(await client(), project, (spec) =>
      withPolicies(spec, [...policiesOf(spec), policy]),
    );
    printResult(out, options.output, changed, `Policy ${policiesOf(changed.spec).length - 1} added`);
    return ExitCode.Ok;
  },
});

const update = defineCommand({
  words: `${WORDS} update`,
  describe: 'Change whose signatures are needed',
  positionals: ['PROJECT', 'POLICY-ID'],
  options: { ...policyOptions, ...policyChangeOptions, ...resultOption },
  examples: [
    'fairlead proj source-integrity git policies update shop 0 --gpg-mode strict --add-gpg-key D56C4FCA57A46444',
  ],
  async run({ client, options, out, positionals: [project = '', id = ''] }) {
    const changed = await changeProject(await client(), project, (spec) => {
      const policies = policiesOf(spec);
      const known = chosen(policies, id);
      return withPolicies(
        spec,
        policies.map((policy) => (policy === known ? withPolicyFlags(policy, options) : policy)),
      );
    });
    printResult(out, options.output, changed, `Policy ${id} updated`);
    return ExitCode.Ok;
  },
});

const remove = defineCommand({
  words: `${WORDS} delete`,
  describe: 'Demand the signatures of a policy no longer',
  positionals: ['PROJECT', 'POLICY-ID'],
  options: { yes: { type: 'boolean', short: 'y', describe: 'Do not ask' }, ...resultOption },
  async run({ client, options, out, positionals: [project = '', id = ''], ...context }) {
    const question = `Delete policy ${id} of project '${project}'?`;
    if (options.yes !== true && !(await isConfirmed(context, question))) return ExitCode.Ok;
    const changed = await changeProject(await client(), project, (spec) => {
      const policies = policiesOf(spec);
      const known = chosen(policies, id);
      return withPolicies(
        spec,
        policies.filter((policy) => policy !== known),
      );
    });
    printResult(out, options.output, changed, `Policy ${id} deleted`);
    return ExitCode.Ok;
  },
});

export const sourceIntegrityCommands: readonly Command[] = [list, add, update, remove];

function policiesOf(spec: ProjectSpec): readonly SignaturePolicy[] {
  return spec.sourceIntegrity?.git?.policies ?? [];
}

function withPolicies(spec: ProjectSpec, policies: readonly SignaturePolicy[]): ProjectSpec {
  const { sourceIntegrity: _, ...rest } = spec;
  return policies.length === 0 ? rest : { ...rest, sourceIntegrity: { git: { policies: [...policies] } } };
}

function chosen(policies: readonly SignaturePolicy[], id: string): SignaturePolicy {
  const policy = /^\d+$/.test(id) ? policies[Number(id)] : undefined;
  if (policy === undefined)
    throw new CliError('USAGE', `There is no policy ${id}; list them with: fairlead ${WORDS} list`, 1);
  return policy;
}

function signers(signed: SignaturePolicy['gpg']): string {
  return signed === undefined ? '' : `${signed.mode}: ${(signed.keys ?? []).join(', ')}`;
}
