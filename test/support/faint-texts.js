// Runs in the page (see browser.ts): the texts that are too faint, measured as WCAG 2 says.
(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

  /** Paints the colours over each other, so that every notation and transparency counts. */
  function painted(colours) {
    for (const colour of ['#fff', ...colours]) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return canvas.getImageData(0, 0, 1, 1).data;
  }

  function luminance([red, green, blue]) {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function behind(element) {
    const colours = [];
    for (let at = element; at !== null; at = at.parentElement)
      colours.unshift(getComputedStyle(at).backgroundColor);
    return colours;
  }

  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].find(
      (node) => node.nodeType === 3 && node.textContent.trim() !== '',
    );
    const isOff = element.closest(':disabled, .hidden, .skip, option') !== null;
    if (text === undefined || isOff || element.getClientRects().length === 0) continue;
    const ground = behind(element);
    const a = luminance(painted(ground));
    const b = luminance(painted([...ground, getComputedStyle(element).color]));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${text.textContent.slice(0, 40)}`);
  }
  return faint;
})();
