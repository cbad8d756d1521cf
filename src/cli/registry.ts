// Every command, in the order the help shows them. A new one is a file below commands/ and a line here.
import type { Command } from './command.ts';
import { apiserver } from './commands/process/apiserver.ts';
import { serve } from './commands/process/serve.ts';
import { up } from './commands/process/up.ts';

export const commands: readonly Command[] = [up, serve, apiserver];
