// Lets Node run Fairlead's TypeScript when the package itself lies under node_modules, where Node's own type
// stripping refuses to work; in a checkout the built-in stripping is used and this hook does nothing.
import { readFileSync } from 'node:fs';
import module from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

module.enableCompileCache?.();
const source = new URL('../src/', import.meta.url);
if (fileURLToPath(source).includes(`${sep}node_modules${sep}`)) {
  // Node says once that this function may change; the version of Node is ours, and users can do nothing about it.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  module.stripTypeScriptTypes('');
  process.emitWarning = emitWarning;
  module.registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(source.href) || !url.endsWith('.ts')) return nextLoad(url, context);
      const text = readFileSync(fileURLToPath(url), 'utf8');
      return {
        format: 'module',
        source: module.stripTypeScriptTypes(text, { sourceUrl: url }),
        shortCircuit: true,
      };
    },
  });
}
