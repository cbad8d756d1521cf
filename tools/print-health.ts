// Writes the table of kinds of docs/spec/health.md from the registry. A test holds the page against it.
import { readFileSync, writeFileSync } from 'node:fs';
import { withHealthTable } from './health-table.ts';

const PAGE = new URL('../docs/spec/health.md', import.meta.url);
writeFileSync(PAGE, withHealthTable(readFileSync(PAGE, 'utf8')));
