// The document as xterm may have it: it writes style elements and style attributes, which the policy of this page
// refuses. The same rules go through style sheets and properties made by script, which the policy allows.

export interface StyledDocument {
  readonly document: Document;
  /** Runs what does not ask for the document it was given. */
  during(task: () => void): void;
  /** Takes its style sheets away again. */
  remove(): void;
}

export function styledDocument(real: Document): StyledDocument {
  const sheets: CSSStyleSheet[] = [];
  const create = (tag: string, options?: ElementCreationOptions): HTMLElement => {
    // A style element would be refused even while it is empty; this one only stands where it was put.
    const element = Document.prototype.createElement.call(real, tag === 'style' ? 'span' : tag, options);
    if (tag === 'style') {
      const sheet = new CSSStyleSheet();
      element.hidden = true;
      sheets.push(sheet);
      real.adoptedStyleSheets.push(sheet);
      Object.defineProperty(element, 'textContent', { set: (text: string) => void sheet.replaceSync(text) });
    } else if (tag === 'span') {
      element.setAttribute = (name, value) => {
        if (name === 'style') element.style.cssText = value;
        else Element.prototype.setAttribute.call(element, name, value);
      };
    }
    return element;
  };
  const document = new Proxy(real, {
    get(target, name) {
      if (name === 'createElement') return create;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    document,
    during(task) {
      Object.defineProperty(real, 'createElement', { value: create, configurable: true });
      try {
        task();
      } finally {
        Reflect.deleteProperty(real, 'createElement');
      }
    },
    remove() {
      real.adoptedStyleSheets = real.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet));
    },
  };
}
