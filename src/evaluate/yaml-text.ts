// Writes a value as YAML for templates (`toYaml`).
import { stringify } from 'yaml';

export function yamlText(value: unknown): string {
  return stringify(value ?? null, { lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: true });
}
