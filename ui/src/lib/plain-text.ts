// Characters that turn the direction of text around, in texts of the server: the page names them instead of obeying
// them, since a name must not read as another one, nor what stands beside it. Other controls do nothing in a page.

const TURNING = /\p{Bidi_Control}/gu;
const NAMED = /‹U\+([0-9A-F]{4})›/g;

/** An answer of the server in which such characters are named, as `‹U+202E›`; JSON stays JSON. */
export function turnsNamed(json: string): string {
  return json.replace(
    TURNING,
    (char) => `‹U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`,
  );
}

/** What the server calls it by: the way back, for names that go into requests. */
export function turnsBack(text: string): string {
  return text.replace(NAMED, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
