// Writes docs/cli.md from the commands themselves. With --check it fails when the page is not up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command, OptionSpec } from '../src/cli/command.ts';
import { commands } from '../src/cli/registry.ts';

const FILE = 'docs/cli.md';

const text = `# The command line

Every command and flag, printed from the code by \`node tools/print-cli.ts\`. Commands that talk to a server also take
\`--server\`, \`--auth-token\`, \`--insecure\`, \`--plaintext\`, \`--config\` and \`--header\`; in the folder of a running
\`fairlead up\` none of them is needed. \`-o json\` makes every command print what it did or found as JSON.

A word that is no command runs the program \`fairlead-WORD\` or \`argocd-WORD\` of the PATH with what follows.

${commands.map(section).join('\n')}`;

if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  console.log(`${FILE} is not what the commands say; run node tools/print-cli.ts`);
  process.exitCode = 1;
}

function section(command: Command): string {
  const usage = ['fairlead', command.words, ...command.positionals].join(' ');
  const options = Object.entries(command.options);
  const rows = options.map(
    ([name, spec]) => `| \`${flagText(name, spec)}\` | ${cell(spec.describe)}${defaultText(spec)} |`,
  );
  const table = rows.length === 0 ? '' : `\n| flag | |\n|---|---|\n${rows.join('\n')}\n`;
  const examples =
    command.examples.length === 0 ? '' : `\n\`\`\`sh\n${command.examples.join('\n')}\n\`\`\`\n`;
  return `## ${usage}\n\n${command.describe}\n${table}${examples}`;
}

function flagText(name: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const value =
    spec.type === 'boolean' ? '' : ` ${'value' in spec && spec.value !== undefined ? spec.value : 'VALUE'}`;
  return `${short}--${name}${value}`;
}

function defaultText(spec: OptionSpec): string {
  const value = 'default' in spec ? spec.default : undefined;
  return value === undefined || value === false || value === '' ? '' : ` (default \`${String(value)}\`)`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
