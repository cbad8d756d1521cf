// Writes deploy/crds/*.yaml from the models.   node tools/print-crds.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { applicationCrds } from '../src/model/index.ts';

const FOLDER = new URL('../deploy/crds/', import.meta.url);

/** File name and text of every definition, in the order they are applied. */
export function crdFiles(): { name: string; text: string }[] {
  return applicationCrds().map((crd) => ({
    name: `${String((crd['spec'] as { names: { singular: string } }).names.singular)}-crd.yaml`,
    text: `# Written by tools/print-crds.ts from src/model; change the model instead.\n${stringify(crd, {
      lineWidth: 0,
      aliasDuplicateObjects: false,
    })}`,
  }));
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true });
  for (const { name, text } of crdFiles()) writeFileSync(new URL(name, FOLDER), text);
}
