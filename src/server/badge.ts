// A status badge: one small SVG picture for a README. Pure: words in, picture out.

export interface BadgeWords {
  readonly health: string;
  readonly sync: string;
  /** Shown in a strip of its own. */
  readonly revision?: string;
  /** Shown above. */
  readonly title?: string;
  /** Pixels; default: as wide as its words. */
  readonly width?: number;
}

const GREY = '#637381';
const HEALTH_COLOURS: Readonly<Record<string, string>> = {
  Healthy: '#0f7a4a',
  Progressing: '#0b6bb0',
  Suspended: '#5c5cb5',
  Degraded: '#b3261e',
  Missing: '#8a6100',
};
const SYNC_COLOURS: Readonly<Record<string, string>> = { Synced: '#0f7a4a', OutOfSync: '#8a6100' };
const REVISION_COLOUR = '#3b4650';
/** Of the 11 px sans-serif face, with room: words differ by a pixel or two between machines. */
const CHAR_PX = 6.6;
const PADDING_PX = 10;
const HEIGHT_PX = 20;
const MAX_CHARS = 80;

export function badge({ health, sync, revision, title, width }: BadgeWords): string {
  const strips = [
    { text: health, colour: HEALTH_COLOURS[health] ?? GREY },
    { text: sync, colour: SYNC_COLOURS[sync] ?? GREY },
    ...(revision === undefined ? [] : [{ text: revision, colour: REVISION_COLOUR }]),
  ].map((strip) => ({ ...strip, text: strip.text.slice(0, MAX_CHARS) }));
  const head = title?.slice(0, MAX_CHARS);
  const natural = strips.reduce((sum, { text }) => sum + widthOf(text), 0);
  const total = Math.max(natural, head === undefined ? 0 : widthOf(head), Math.min(width ?? 0, 2_000));
  const scale = total / natural;
  const top = head === undefined ? 0 : HEIGHT_PX;
  let x = 0;
  const parts = strips.map(({ text, colour }) => {
    const part = strip(text, colour, { x, y: top, width: widthOf(text) * scale });
    x += widthOf(text) * scale;
    return part;
  });
  const headline = head === undefined ? '' : strip(head, REVISION_COLOUR, { x: 0, y: 0, width: total });
  const spoken = escaped(
    [head, ...strips.map(({ text }) => text)].filter((word) => word !== undefined).join(', '),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${round(total)}" height="${top + HEIGHT_PX}" role="img" aria-label="${spoken}"><title>${spoken}</title>${headline}${parts.join('')}</svg>\n`;
}

function strip(text: string, colour: string, at: { x: number; y: number; width: number }): string {
  const middle = round(at.x + at.width / 2);
  return `<rect x="${round(at.x)}" y="${at.y}" width="${round(at.width)}" height="${HEIGHT_PX}" fill="${colour}"/><text x="${middle}" y="${at.y + 14}" fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,sans-serif" font-size="11">${escaped(text)}</text>`;
}

function widthOf(text: string): number {
  return text.length * CHAR_PX + 2 * PADDING_PX;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`).replace(/\p{Cc}/gu, ' ');
}
