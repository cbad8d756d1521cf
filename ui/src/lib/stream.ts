// A server-sent stream that comes back by itself, also where the browser gives up, and that rests while nobody looks:
// browsers allow six connections to a server, so tabs in the background must not hold one each.

/** Given up to a hidden tab for this long, so that a glance at another tab costs nothing. */
const REST_AFTER_MS = 20_000;
/** After an answer that is no stream (a proxy's error, an ended session) the browser does not try again; this does. */
const REOPEN_MS = 2_000;

export interface StreamDeps {
  open(url: string): EventSource;
  readonly document: Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>;
  /** Runs `task` later; the result stops that. */
  after(ms: number, task: () => void): () => void;
}

export interface StreamOptions {
  /** @param since version of the last change that was seen; '' at first */
  readonly url: (since: string) => string;
  readonly onMessage: (data: string) => void;
  /** Changes were missed: what is on the page must be read again. */
  readonly onGap: () => void;
  readonly onLive: (isLive: boolean) => void;
}

/** Opens the stream. @returns the end of it */
export function openStream(deps: StreamDeps, options: StreamOptions): () => void {
  let source: EventSource | undefined;
  let since = '';
  let cancel = (): void => {};
  const close = (): void => {
    source?.close();
    source = undefined;
    options.onLive(false);
  };
  const open = (): void => {
    const opened = deps.open(options.url(since));
    source = opened;
    opened.onopen = () => options.onLive(true);
    opened.onmessage = (event: MessageEvent<string>) => {
      if (event.lastEventId !== '') since = event.lastEventId;
      options.onMessage(event.data);
    };
    opened.addEventListener('relist', () => options.onGap());
    opened.onerror = () => {
      options.onLive(false);
      if (opened.readyState !== opened.CLOSED) return;
      cancel();
      cancel = deps.after(REOPEN_MS, open);
    };
  };
  const onVisibility = (): void => {
    cancel();
    if (deps.document.hidden) cancel = deps.after(REST_AFTER_MS, close);
    else if (source === undefined || source.readyState === source.CLOSED) open();
  };
  deps.document.addEventListener('visibilitychange', onVisibility);
  open();
  return () => {
    deps.document.removeEventListener('visibilitychange', onVisibility);
    cancel();
    close();
  };
}
