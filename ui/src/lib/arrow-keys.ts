import type { KeyboardEvent } from 'react';

/** Up and down go from one match of `selector` to the next, as people expect of a list; Tab still works. */
export function moveBetween(event: KeyboardEvent<HTMLElement>, selector: string): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const stops: (Element | null)[] = [...event.currentTarget.querySelectorAll(selector)];
  const at = stops.indexOf(document.activeElement);
  const next = step === undefined || at < 0 ? undefined : stops[at + step];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}
