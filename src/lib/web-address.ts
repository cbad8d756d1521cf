// Addresses that came from objects and settings, before anybody makes links of them.

const SCHEMES = new Set(['http:', 'https:', 'mailto:']);

/**
 * True for an address that a page may link to: http, https or mailto, written out in full. What a browser would read
 * differently than it looks (controls, spaces around, a scheme without its slashes) is none.
 */
export function isWebAddress(text: string): boolean {
  if (/[\p{Cc}\p{Bidi_Control}]|\s$/u.test(text) || !/^(https?:\/\/[^/\\]|mailto:)/i.test(text)) return false;
  return URL.canParse(text) && SCHEMES.has(new URL(text).protocol);
}
