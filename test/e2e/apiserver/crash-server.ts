// The process crash.test.ts kills: a durable server that prints where it listens.
import { startTestApi } from '../../support/kube-api.ts';

const { server } = await startTestApi({ dataDir: process.argv[2] ?? '' });
console.log(JSON.stringify({ url: server.url, token: server.adminToken }));
