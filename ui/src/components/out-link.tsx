import type { ReactNode } from 'react';
import { safeUrl } from '../lib/links.ts';

/** A link out of the page; plain text when the address is not one that a browser should follow. */
export function OutLink({ url, children }: { url: string | undefined; children: ReactNode }) {
  const href = safeUrl(url);
  if (href === undefined) return <>{children}</>;
  return (
    <a href={href} rel="noreferrer noopener" target="_blank">
      {children}
    </a>
  );
}
