// The reference page of the API: one HTML document and one stylesheet, with no script and nothing from elsewhere. Pure.
import { isRecord } from '../../lib/index.ts';
import type { Document, Operation, Schema } from './document.ts';

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function referencePage({ info, paths, components }: Document, styleHref: string): string {
  const entries = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([method, operation]): Entry => ({ method: method.toUpperCase(), path, operation }),
    ),
  );
  const tags = [...new Set(entries.map(({ operation }) => operation.tags[0] ?? ''))].sort();
  const sections = tags.map((tag) => {
    const own = entries.filter(({ operation }) => operation.tags[0] === tag);
    return `<section id="${text(tag)}"><h2>${text(tag)}</h2>${own.map(entryHtml).join('')}</section>`;
  });
  const types = Object.entries(components.schemas)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, schema]) =>
        `<details id="type-${text(name)}"><summary>${text(name)}</summary>${membersHtml(schema)}</details>`,
    );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(info.title)} API</title><link rel="stylesheet" href="${styleHref}"></head>
<body><header><h1>${text(info.title)} API</h1><p>${text(info.description)}</p><p><a href="/api/v1/fairlead/openapi.json">OpenAPI 3.1</a> · <a href="/swagger.json">Swagger 2.0</a></p></header>
<nav>${tags.map((tag) => `<a href="#${text(tag)}">${text(tag)}</a>`).join(' ')} <a href="#types">types</a></nav>
<main>${sections.join('\n')}<section id="types"><h2>types</h2>${types.join('\n')}</section></main></body></html>
`;
}

export const REFERENCE_STYLE = `:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:62rem;padding:1rem}
nav{position:sticky;top:0;background:Canvas;padding:.5rem 0;border-bottom:1px solid GrayText}
nav a{margin-right:.6rem}
h2{margin:2rem 0 .5rem}
details{border-bottom:1px solid color-mix(in srgb,GrayText 40%,transparent);padding:.25rem 0}
summary{cursor:pointer;overflow-wrap:anywhere}
summary b{display:inline-block;width:4.2rem}
code,summary{font-family:ui-monospace,monospace;font-size:.9em}
table{border-collapse:collapse;margin:.5rem 0}
td{padding:.1rem .8rem .1rem 0;vertical-align:top}
ul{margin:.2rem 0;padding-left:1.2rem}
`;

function entryHtml({ method, path, operation }: Entry): string {
  const { parameters, requestBody, responses, description } = operation;
  const rows = parameters.map(
    ({ name, in: place, schema }) =>
      `<tr><td><code>${text(name)}</code></td><td>${place}</td><td>${typeHtml(schema)}</td></tr>`,
  );
  const body = requestBody?.content['application/json']?.schema;
  const [type, answer] = Object.entries(responses['200']?.content ?? {})[0] ?? [];
  const parts = [
    `<p>${text(description).replace(/`([^`]*)`/g, '<code>$1</code>')}</p>`,
    rows.length === 0 ? '' : `<table>${rows.join('')}</table>`,
    body === undefined ? '' : `<p>Body: ${typeHtml(body)}</p>`,
    answer === undefined ? '' : `<p>Answer (${text(type ?? '')}): ${typeHtml(answer.schema)}</p>`,
  ];
  return `<details id="${text(operation.operationId)}"><summary><b>${method}</b> ${text(path)}</summary>${parts.join('')}</details>`;
}

/** A schema in a few words, with its members below. */
function typeHtml(schema: Schema): string {
  const { $ref, type, items, enum: values, const: constant, anyOf } = schema;
  if (typeof $ref === 'string') {
    const name = $ref.replace('#/components/schemas/', '');
    return `<a href="#type-${text(name)}">${text(name)}</a>`;
  }
  if (Array.isArray(values))
    return values.map((value) => `<code>${text(JSON.stringify(value))}</code>`).join(' | ');
  if (constant !== undefined) return `<code>${text(JSON.stringify(constant))}</code>`;
  if (Array.isArray(anyOf))
    return anyOf.map((option) => typeHtml(isRecord(option) ? option : {})).join(' or ');
  if (type === 'array') return `list of ${typeHtml(isRecord(items) ? items : {})}`;
  if (type === 'object' || schema['properties'] !== undefined) return `object${membersHtml(schema)}`;
  return typeof type === 'string' ? text(type) : 'anything';
}

function membersHtml(schema: Schema): string {
  const { properties, required, additionalProperties } = schema;
  const needed = new Set(Array.isArray(required) ? required : []);
  const members = Object.entries(isRecord(properties) ? properties : {}).map(([name, member]) => {
    const inner = isRecord(member) ? member : {};
    const note = typeof inner['description'] === 'string' ? ` – ${text(inner['description'])}` : '';
    return `<li><code>${text(name)}</code>${needed.has(name) ? '*' : ''}: ${typeHtml(inner)}${note}</li>`;
  });
  if (isRecord(additionalProperties) && Object.keys(additionalProperties).length > 0)
    members.push(`<li><i>any name</i>: ${typeHtml(additionalProperties)}</li>`);
  if (members.length === 0)
    return properties === undefined && schema['type'] !== 'object' ? ` ${typeHtml(schema)}` : '';
  return `<ul>${members.join('')}</ul>`;
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
