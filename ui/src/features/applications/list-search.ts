// What of the list is shown, as the address holds it, so that a view can be shared. Pure.

export interface ListSearch {
  search?: string;
  sync?: string;
  health?: string;
  sort?: string;
  offset?: number;
}

export const SYNC_STATES = ['Synced', 'OutOfSync', 'Unknown'];
export const HEALTH_STATES = ['Healthy', 'Progressing', 'Degraded', 'Suspended', 'Missing', 'Unknown'];
const SORTS = ['name', 'sync', 'health', 'synced'].flatMap((column) => [column, `-${column}`]);

/** Anything else in the address is dropped. */
export function parseListSearch(raw: Record<string, unknown>): ListSearch {
  const search = ['string', 'number', 'boolean'].includes(typeof raw['search']) ? String(raw['search']) : '';
  const oneOf = (key: string, values: readonly string[]): string | undefined =>
    values.find((value) => value === raw[key]);
  const [sync, health, sort] = [
    oneOf('sync', SYNC_STATES),
    oneOf('health', HEALTH_STATES),
    oneOf('sort', SORTS),
  ];
  const offset = Number(raw['offset']);
  return {
    ...(search === '' ? {} : { search }),
    ...(sync === undefined ? {} : { sync }),
    ...(health === undefined ? {} : { health }),
    ...(sort === undefined || sort === 'name' ? {} : { sort }),
    ...(Number.isSafeInteger(offset) && offset > 0 ? { offset } : {}),
  };
}

/** The order after a click on a column's title: that column, then the other way round. Times start with the newest. */
export function nextSort(column: string, sort: string | undefined): string {
  const first = column === 'synced' ? '-synced' : column;
  const other = column === 'synced' ? 'synced' : `-${column}`;
  return (sort ?? 'name') === first ? other : first;
}
