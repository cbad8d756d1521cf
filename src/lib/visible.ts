// Characters that a person does not see but a terminal, a log reader or the order of the text obeys.

/** Controls other than tab and line feed, those that turn the direction of text around, and further line ends. */
const HIDDEN = /(?![\t\n])\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/gu;

/** The text with each such character written out as `\uXXXX`; what is JSON stays the same JSON. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same for what must stay on one line: each line end with the space around it becomes one space. */
export function visibleLine(text: string): string {
  return visible(text.replace(/\s*[\r\n]+\s*/g, ' '));
}
