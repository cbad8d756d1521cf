// Documents computed from the registry, kept as text until the registry changes.
import { sha256 } from '../../lib/index.ts';
import type { Registry } from '../registry.ts';

export interface CachedDocument {
  readonly text: string;
  /** Quoted, as in the header. */
  readonly etag: string;
}

export class DocumentCache {
  readonly #registry: Registry;
  readonly #documents = new Map<string, CachedDocument>();
  #generation = -1;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** The document of a key, made by `make` when there is none of the registry's present state. */
  get(key: string, make: () => unknown): CachedDocument | undefined {
    if (this.#generation !== this.#registry.generation) {
      this.#documents.clear();
      this.#generation = this.#registry.generation;
    }
    const known = this.#documents.get(key);
    if (known !== undefined) return known;
    const value = make();
    if (value === undefined) return undefined;
    const text = JSON.stringify(value);
    const document = { text, etag: `"${sha256(text).slice(0, 40).toUpperCase()}"` };
    this.#documents.set(key, document);
    return document;
  }
}
