import { useEffect, useMemo, useRef, useState } from 'react';
import type { Application } from '../../../../src/contract/index.ts';
import type { ResourceRow } from '../applications/resource-rows.ts';
import { idOf, useManifest } from '../applications/use-application.ts';
import { containersOf } from './containers.ts';

/** A shell in a container of the pod. It ends when the view is left. */
export function PodTerminal({ app, row }: { app: Application; row: ResourceRow }) {
  const manifest = useManifest(app, row);
  const containers = useMemo(() => containersOf(manifest.data), [manifest.data]);
  const [container, setContainer] = useState('');
  const [round, setRound] = useState(0);
  const [end, setEnd] = useState<string | undefined>(undefined);
  const box = useRef<HTMLDivElement>(null);
  const url = terminalUrl(app, row, container);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round opens the same again
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    setEnd(undefined);
    let isGone = false;
    let close = (): void => {};
    import('./open-terminal.ts').then(
      ({ openTerminal }) => {
        if (!isGone) ({ close } = openTerminal(element, url, setEnd));
      },
      () => setEnd('The terminal could not be loaded'),
    );
    return () => {
      isGone = true;
      close();
    };
  }, [url, round]);
  return (
    <div className="logs">
      {containers.length > 1 && (
        <div className="logs-tools">
          <select
            aria-label="Container"
            value={container}
            onChange={(event) => setContainer(event.target.value)}
          >
            <option value="">Default container</option>
            {containers.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
      )}
      <section ref={box} className="terminal-box" aria-label="Terminal" />
      {end !== undefined && (
        <p className="quiet logs-state" role="status">
          {end}{' '}
          <button type="button" onClick={() => setRound(round + 1)}>
            Open again
          </button>
        </p>
      )}
    </div>
  );
}

function terminalUrl(app: Application, row: ResourceRow, container: string): string {
  const { namespace, name } = idOf(app);
  const url = new URL('/terminal', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const query = {
    pod: row.name,
    namespace: row.namespace,
    container,
    appName: name,
    appNamespace: namespace,
    projectName: app.spec.project,
  };
  for (const [key, value] of Object.entries(query)) if (value !== '') url.searchParams.set(key, value);
  return url.href;
}
