// Who may import whom. docs/architecture.md explains the table in words; a broken rule prints its name from here.
const base = ['lib', 'k8s', 'model', 'evaluate'];
const stages = [
  'git',
  'source',
  'render',
  'secrets',
  'diff',
  'health',
  'actions',
  'sync',
  'images',
  'promotion',
  'infra',
  'preview',
  'notify',
  'pods',
];
const mayImport = {
  lib: [],
  k8s: ['lib'],
  model: ['k8s'],
  contract: ['model'],
  evaluate: ['lib'],
  ...Object.fromEntries(stages.map((stage) => [stage, base])),
  source: [...base, 'git'],
  images: [...base, 'git'],
  promotion: [...base, 'git'],
  journal: base,
  explain: [...base, 'contract'],
  controllers: [...base, ...stages, 'journal'],
  server: [...base, 'contract', 'render', 'diff', 'health', 'actions', 'journal'],
  client: ['lib', 'model', 'contract'],
  apiserver: ['lib', 'k8s'],
  scaffold: base,
  agent: [...base, ...stages, 'controllers', 'journal'],
  app: [
    ...base,
    ...stages,
    'journal',
    'controllers',
    'contract',
    'server',
    'apiserver',
    'scaffold',
    'agent',
    'explain',
  ],
  cli: [...base, 'contract', 'client', 'render', 'diff', 'health', 'actions', 'journal', 'scaffold', 'app'],
};
const tests = '[.]test[.]tsx?$';
const layers = Object.entries(mayImport).map(([from, to]) => ({
  name: `layer-${from}`,
  severity: 'error',
  comment: 'see docs/architecture.md, "Who may import whom"',
  from: { path: `^src/${from}/`, pathNot: tests },
  to: { path: '^src/', pathNot: `^src/(${[from, ...to].join('|')})/` },
}));
const ban = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

export default {
  forbidden: [
    ...layers,
    ban(
      'one-door',
      'import another folder through its index.ts',
      { path: '^(?:src|ui)/([^/]+)/' },
      { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index[.]ts$'] },
    ),
    ban(
      'unlisted-folder',
      'add the folder to mayImport first',
      { path: '^src/', pathNot: `^src/(${Object.keys(mayImport).join('|')})/` },
      {},
    ),
    ban('no-cycles', 'two files that need each other are one file or three', {}, { circular: true }),
    ban(
      'ui-sees-contract-only',
      'the page knows the API, not the server',
      { path: '^ui/' },
      { path: '^src/', pathNot: '^src/contract/' },
    ),
    ban(
      'browser-safe',
      'model and contract also run in the browser',
      { path: '^src/(model|contract)/', pathNot: tests },
      { path: '^src/k8s/', dependencyTypesNot: ['type-only'] },
    ),
    ban(
      'browser-safe-core',
      'model and contract also run in the browser',
      { path: '^src/(model|contract)/', pathNot: tests },
      { dependencyTypes: ['core'] },
    ),
    ban(
      'no-test-code-in-product',
      'test code stays in tests',
      { path: '^(src|ui)/', pathNot: tests },
      { path: `^test/|${tests}` },
    ),
    ban(
      'processes-start-in-one-file',
      'child processes get their limits in src/lib/exec.ts',
      { path: '^src/', pathNot: ['^src/lib/exec[.]ts$', tests] },
      { path: '^(node:)?child_process$' },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
