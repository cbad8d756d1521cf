// Writes src/server/openapi/answers.json: what each route answers, as JSON schemas read from the types of its handler.
// (Queries and bodies need no printing: the server has their schemas.) With --check it fails when the file is not up to
// date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const FILE = 'src/server/openapi/answers.json';
const ROUTES = 'src/server/routes';
/** Types that no handler names: of streams, of answers that are projected, and of errors. */
const ROOTS = [
  'Application',
  'ApplicationList',
  'ApplicationSetWatchEvent',
  'ApplicationWatchEvent',
  'ErrorBody',
  'LogEntry',
  'ResourceTree',
];

type Schema = Record<string, unknown>;

const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path));
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
const files = readdirSync(ROUTES)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .sort()
  .map((name) => join(ROUTES, name));
const program = ts.createProgram(files, { ...options, noEmit: true });
const checker = program.getTypeChecker();
const types = new Map<string, { type: ts.Type; schema: Schema }>();
const routes = new Map<string, Schema>();
const inProgress = new Set<ts.Type>();

for (const file of files) {
  const source = program.getSourceFile(file);
  if (source === undefined) throw new Error(`${file} is not there`);
  visit(source, source);
}

for (const file of ['src/model/index.ts', 'src/contract/index.ts']) addExports(file);
const byText = new Map<string, string>();
const printed = new Map<string, Schema>();
// Small ones first, so that those that hold them can refer to them.
const bySize = [...types].sort(
  ([, a], [, b]) => JSON.stringify(a.schema).length - JSON.stringify(b.schema).length,
);
for (const [name, { schema }] of bySize) {
  const members = withReferences(schema, true);
  printed.set(name, members);
  if (members['properties'] !== undefined) byText.set(JSON.stringify(members), name);
}
const used = new Set<string>();
const answers = [...routes].map(([name, schema]) => [name, withReferences(schema)] as const).sort(byKey);
for (const schema of [
  ...answers.map(([, answer]) => answer),
  ...ROOTS.map((name) => ({ $ref: refTo(name) })),
])
  use(schema);
const definitions = [...printed].filter(([name]) => used.has(name)).sort(byKey);

/** One line for each, so that two changes rarely meet. */
const lines = (entries: readonly (readonly [string, Schema])[]): string =>
  entries.map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`).join(',\n');
const text = `{"routes": {\n${lines(answers)}\n},\n"types": {\n${lines(definitions)}\n}}\n`;
if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  console.log(`${FILE} is not what the routes answer; run node tools/print-openapi.ts`);
  process.exitCode = 1;
}

function refTo(name: string): string {
  return `#/components/schemas/${name}`;
}

/** Every object type that a door exports, so that equal anonymous ones can refer to it. */
function addExports(file: string): void {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  for (const symbol of module === undefined ? [] : checker.getExportsOfModule(module)) {
    const target = (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
    if (
      (target.flags & (ts.SymbolFlags.TypeAlias | ts.SymbolFlags.Interface)) === 0 ||
      types.has(symbol.name)
    )
      continue;
    const type = checker.getDeclaredTypeOfSymbol(target);
    if ((type.flags & ts.TypeFlags.Object) === 0 || checker.isArrayType(type)) continue;
    const entry: { type: ts.Type; schema: Schema } = { type, schema: {} };
    types.set(symbol.name, entry);
    entry.schema = objectOf(type);
  }
}

/** `schema` with every part that equals a definition replaced by a reference to it. */
function withReferences(schema: Schema, isDefinition = false): Schema {
  const changed: Schema = {};
  for (const [name, value] of Object.entries(schema)) changed[name] = partWithReferences(value);
  const known = isDefinition ? undefined : byText.get(JSON.stringify(changed));
  return known === undefined ? changed : { $ref: refTo(known) };
}

function partWithReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(partWithReferences);
  return typeof value === 'object' && value !== null ? withReferences(value as Schema) : value;
}

/** Marks the definitions that a schema leads to. */
function use(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) use(item);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key !== '$ref' || typeof inner !== 'string') {
      use(inner);
      continue;
    }
    const name = inner.slice(refTo('').length);
    if (used.has(name)) continue;
    used.add(name);
    use(printed.get(name));
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** Every `route({ method, path, handle })` below a node. */
function visit(source: ts.SourceFile, node: ts.Node): void {
  if (ts.isCallExpression(node) && node.expression.getText(source) === 'route') {
    const [spec] = node.arguments;
    if (spec !== undefined && ts.isObjectLiteralExpression(spec)) addRoute(source, spec);
  }
  ts.forEachChild(node, (child) => visit(source, child));
}

function addRoute(source: ts.SourceFile, spec: ts.ObjectLiteralExpression): void {
  const member = (name: string): ts.Expression | undefined => {
    for (const property of spec.properties) {
      if (property.name?.getText(source) !== name) continue;
      if (ts.isPropertyAssignment(property)) return property.initializer;
      if (ts.isShorthandPropertyAssignment(property)) return property.name;
    }
    return undefined;
  };
  const [method] = constants(source, member('method'));
  // A path that is computed belongs to routes that answer streams.
  const paths = constants(source, member('path'));
  const handle = spec.properties.find((property) => property.name?.getText(source) === 'handle');
  if (method === undefined || handle === undefined) return;
  const [signature] = checker.getTypeAtLocation(handle).getCallSignatures();
  const answer = signature === undefined ? undefined : awaited(signature.getReturnType());
  for (const path of paths) routes.set(`${method} ${path}`, answer === undefined ? {} : answerOf(answer));
}

function awaited(type: ts.Type): ts.Type {
  return checker.getAwaitedType(type) ?? type;
}

function answerOf(type: ts.Type): Schema {
  const name = type.symbol?.name;
  if (name === 'RawAnswer') return { 'x-raw': true };
  if (name === 'StreamAnswer') return { 'x-stream': true };
  return name === 'JsonAnswer' ? { type: 'object' } : schemaOf(type);
}

/**
 * The texts a constant expression may have: literals, templates of constants, names of constants of the same file, and
 * what has one of a few texts by its type.
 */
function constants(source: ts.SourceFile, node: ts.Expression | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isIdentifier(node)) {
    const type = checker.getTypeAtLocation(node);
    const literals = (type.isUnion() ? type.types : [type]).filter((each) => each.isStringLiteral());
    if (literals.length > 0) return literals.map(({ value }) => value);
    const found = checker.getSymbolAtLocation(node)?.valueDeclaration;
    return found !== undefined && ts.isVariableDeclaration(found) ? constants(source, found.initializer) : [];
  }
  if (!ts.isTemplateExpression(node)) return [];
  let results = [node.head.text];
  for (const { expression, literal } of node.templateSpans) {
    const parts = constants(source, expression);
    results = results.flatMap((result) => parts.map((part) => result + part + literal.text));
  }
  return results;
}

function schemaOf(type: ts.Type): Schema {
  const { flags } = type;
  if ((flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0) return {};
  if ((flags & ts.TypeFlags.Null) !== 0) return { type: 'null' };
  if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
  if ((flags & ts.TypeFlags.StringLike) !== 0) return { type: 'string' };
  if ((flags & ts.TypeFlags.NumberLike) !== 0) return { type: 'number' };
  if ((flags & ts.TypeFlags.BooleanLike) !== 0) return { type: 'boolean' };
  if (type.isUnion()) return named(type, () => unionOf(type.types));
  if (checker.isArrayType(type) || checker.isTupleType(type)) {
    const [item] = checker.getTypeArguments(type as ts.TypeReference);
    return { type: 'array', items: item === undefined ? {} : schemaOf(item) };
  }
  return named(type, () => objectOf(type));
}

function unionOf(parts: readonly ts.Type[]): Schema {
  const given = parts.filter(({ flags }) => (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) === 0);
  const texts = given.filter((part) => part.isStringLiteral());
  if (texts.length === given.length && texts.length > 0)
    return { type: 'string', enum: texts.map(({ value }) => value).sort() };
  const seen = new Map(given.map((part) => [JSON.stringify(schemaOf(part)), schemaOf(part)]));
  const schemas = [...seen].sort(byKey).map(([, schema]) => schema);
  return schemas.length === 1 ? (schemas[0] as Schema) : { anyOf: schemas };
}

function objectOf(type: ts.Type): Schema {
  // A type without a name that holds itself has no end.
  if (inProgress.has(type)) return {};
  inProgress.add(type);
  try {
    return membersOf(type);
  } finally {
    inProgress.delete(type);
  }
}

function membersOf(type: ts.Type): Schema {
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const symbol of checker.getPropertiesOfType(type)) {
    const declared = checker.getTypeOfSymbol(symbol);
    if (declared.getCallSignatures().length > 0) continue;
    const isOptional = (symbol.flags & ts.SymbolFlags.Optional) !== 0;
    const description = ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s+/g, ' ');
    const schema = declared.isUnion() ? schemaOf(checker.getNonNullableType(declared)) : schemaOf(declared);
    properties[symbol.name] = description === '' || '$ref' in schema ? schema : { ...schema, description };
    if (!isOptional) required.push(symbol.name);
  }
  const rest = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  return {
    type: 'object',
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
    ...(required.length === 0 ? {} : { required: required.sort() }),
    ...(rest === undefined ? {} : { additionalProperties: schemaOf(rest.type) }),
  };
}

/** A type with a name of ours becomes a definition; another type of the same name gets a number. */
function named(type: ts.Type, make: () => Schema): Schema {
  const symbol = type.aliasSymbol ?? type.symbol;
  const isOurs =
    symbol?.declarations?.some((node) => {
      const file = node.getSourceFile().fileName;
      return /\/src\/|^src\//.test(file) && !file.includes('node_modules');
    }) === true;
  if (!isOurs || !/^[A-Z]\w+$/.test(symbol.name) || type.aliasTypeArguments !== undefined) return make();
  let name = symbol.name;
  for (let i = 2; types.get(name) !== undefined && types.get(name)?.type !== type; i += 1)
    name = `${symbol.name}${i}`;
  if (!types.has(name)) {
    const entry = { type, schema: {} };
    types.set(name, entry);
    entry.schema = make();
  }
  return { $ref: refTo(name) };
}
