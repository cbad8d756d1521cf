// One terminal: xterm in an element, and the WebSocket to the shell. Loaded when somebody opens a terminal.
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import type { TerminalOutput } from '../../../../src/contract/index.ts';
import { styledDocument } from './styled-document.ts';

/** Lines that can be scrolled back to. */
const SCROLLBACK = 5_000;
/** What is pasted goes in pieces that the server takes. */
const MAX_INPUT_CHARS = 8_000;

export interface OpenTerminal {
  /** No longer; also ends the shell. */
  close(): void;
}

/** @param onEnd told once why it ended */
export function openTerminal(element: HTMLElement, url: string, onEnd: (why: string) => void): OpenTerminal {
  const styled = styledDocument(document);
  const colours = getComputedStyle(element);
  const terminal = new Terminal({
    documentOverride: styled.document,
    scrollback: SCROLLBACK,
    fontFamily: colours.fontFamily,
    fontSize: 13,
    cursorBlink: true,
    theme: { background: colours.backgroundColor, foreground: colours.color, cursor: colours.color },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  styled.during(() => terminal.open(element));
  const socket = new WebSocket(url);
  const say = (message: object): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const resize = (): void => {
    fit.fit();
    say({ operation: 'resize', rows: terminal.rows, cols: terminal.cols });
  };
  const observer = new ResizeObserver(resize);
  let why = 'The terminal could not be opened, or the connection broke';
  socket.onopen = () => {
    resize();
    terminal.focus();
  };
  socket.onmessage = ({ data }: MessageEvent<string>) => {
    const { operation, data: text = '' } = JSON.parse(data) as TerminalOutput;
    if (operation === 'stdout') terminal.write(text);
    else if (operation === 'exit') why = text;
  };
  socket.onclose = () => {
    terminal.options.disableStdin = true;
    terminal.options.cursorBlink = false;
    onEnd(why);
  };
  terminal.onData((data) => {
    for (let at = 0; at < data.length; at += MAX_INPUT_CHARS)
      say({ operation: 'stdin', data: data.slice(at, at + MAX_INPUT_CHARS) });
  });
  observer.observe(element);
  return {
    close() {
      observer.disconnect();
      socket.onclose = null;
      socket.close();
      terminal.dispose();
      styled.remove();
    },
  };
}
