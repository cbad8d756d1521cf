// Asks for a new look at applications, from a process that may not be the one that acts: there, through the annotation
// that the acting process answers by removing it.
import {
  type ApplicationController,
  type ApplicationDeps,
  applicationType,
  keyOfApplication,
  type RefreshLevel,
} from '../controllers/index.ts';
import { placeOf } from '../git/index.ts';
import { mapLimited, type Random } from '../lib/index.ts';
import { type Application, annotations, sourcesOf } from '../model/index.ts';

/** Annotations written at once when a repository moved: the acting process reads them one by one anyway. */
const AT_ONCE = 8;
const ID_BYTES = 8;

export interface LeaderRefresh {
  /** Resolves when the refresh is done and its result is in the application. */
  application(app: Application, level: RefreshLevel, signal: AbortSignal): Promise<void>;
  /** Tells the acting process of repositories that moved; does nothing in the acting process itself. */
  repositories(urls: readonly string[]): Promise<void>;
  /** Has applications looked at again that use one of these artifacts (`registry/path`); how many there are. */
  artifacts(names: readonly string[]): Promise<number>;
}

export function refreshThroughLeader(
  controller: ApplicationController,
  deps: Pick<ApplicationDeps, 'home' | 'leadership'> & { readonly random: Random },
): LeaderRefresh {
  const ask = async (app: Application, level: RefreshLevel): Promise<void> => {
    const { name = '', namespace = '' } = app.metadata;
    // Another request may wait already: without something new in the object its removal would take ours with it.
    const id = Buffer.from(deps.random.bytes(ID_BYTES)).toString('hex');
    const body = {
      metadata: { annotations: { [annotations.refresh]: level, [annotations.refreshId]: id } },
    };
    const asked = await deps.home.patch<Application>(
      applicationType,
      { namespace, name },
      { type: 'merge', body },
      { fieldManager: 'fairlead-server' },
    );
    controller.wrote(asked);
  };
  return {
    async application(app, level, signal) {
      if (deps.leadership.isLeader()) return await controller.refresh(app, level, signal);
      await ask(app, level);
      await untilAnswered(controller, keyOfApplication(app), signal);
    },
    async repositories(urls) {
      if (deps.leadership.isLeader()) return;
      const places = new Set(urls.map(placeOf).filter((place) => place !== ''));
      const moved = [...controller.applications.values()].filter((app) =>
        sourcesOf(app.spec).some(({ repoURL }) => places.has(placeOf(repoURL))),
      );
      await mapLimited(moved, AT_ONCE, (app) => ask(app, 'normal'));
    },
    async artifacts(names) {
      const wanted = new Set(names.map((name) => name.toLowerCase()));
      const users = [...controller.applications.values()].filter((app) =>
        sourcesOf(app.spec).some(({ repoURL, chart }) => {
          const place = placeOf(chart === undefined ? repoURL : `${repoURL}/${chart}`);
          return place !== '' && wanted.has(place);
        }),
      );
      await mapLimited(users, AT_ONCE, (app) => ask(app, 'normal'));
      return users.length;
    },
  };
}

/** Rejects with the signal's reason when the request is over first. */
async function untilAnswered(
  controller: ApplicationController,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const isOpen = (): boolean =>
    controller.current(key)?.metadata.annotations?.[annotations.refresh] !== undefined;
  let unsubscribe = (): void => {};
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      unsubscribe = controller.applications.subscribe(() => {
        if (!isOpen()) resolve();
      });
      if (!isOpen()) resolve();
    });
  } finally {
    unsubscribe();
  }
}
