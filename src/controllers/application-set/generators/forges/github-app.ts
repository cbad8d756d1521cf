// The token of a GitHub App, for generators that name a Secret with the App's key instead of a token.
import { CodedError } from '../../../../lib/index.ts';
import type { GitHubAppCredential } from '../../../../model/index.ts';
import { ApplicationSetError } from '../../errors.ts';
import type { GeneratorContext } from '../generator.ts';
import { secretTexts } from '../secret-text.ts';
import { invalid } from './client.ts';

export interface GitHubAppUse {
  /** Members as repository Secrets have them: `githubAppID`, `githubAppPrivateKey`, … */
  readonly secretName: string;
  /** Where the API of the forge begins. */
  readonly api: string;
  readonly owner: string;
  /** Undefined: the whole organization is asked, and only the Secret can say which installation that is. */
  readonly repo: string | undefined;
}

/** Rejects with ApplicationSetError. The key is shown to the API that the token is for, and to no other. */
export async function gitHubAppToken(use: GitHubAppUse, context: GeneratorContext): Promise<string> {
  const { secretName, api, owner, repo } = use;
  const credential = credentialOf(await secretTexts(context, secretName), use);
  const base = credential.baseUrl ?? 'https://api.github.com';
  if (!URL.canParse(base) || new URL(base).origin !== new URL(api).origin)
    throw invalid(
      `githubAppEnterpriseBaseUrl of Secret ${secretName} and api of the generator are two servers; name the same one in both`,
    );
  try {
    return await context.deps.gitHubToken(credential, `https://github.com/${owner}/${repo ?? '-'}`);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof CodedError)) throw error;
    throw new ApplicationSetError('GENERATOR_FAILED', error.retry, error.message, { cause: error });
  }
}

function credentialOf(
  texts: Readonly<Record<string, string>>,
  { secretName, repo }: GitHubAppUse,
): GitHubAppCredential {
  const member = (key: string): string => (Object.hasOwn(texts, key) ? (texts[key] ?? '') : '');
  const appId = member('githubAppID');
  const privateKey = member('githubAppPrivateKey');
  const installationId = member('githubAppInstallationID');
  const baseUrl = member('githubAppEnterpriseBaseUrl');
  if (appId === '' || privateKey === '')
    throw invalid(`Secret ${secretName} holds no GitHub App; give it githubAppID and githubAppPrivateKey`);
  const isNamed = installationId !== '' && installationId !== '0';
  if (!isNamed && repo === undefined)
    throw invalid(
      `Secret ${secretName} says no installation of the GitHub App; give it githubAppInstallationID`,
    );
  return {
    kind: 'github-app',
    appId,
    privateKey,
    ...(isNamed ? { installationId } : {}),
    ...(baseUrl === '' ? {} : { baseUrl }),
  };
}
