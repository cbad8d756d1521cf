// E-mail over SMTP.
import { isIP } from 'node:net';
import { createTransport, type Transport } from 'nodemailer';
import { AddressError, type AddressGuard, defaultAddressGuard, messageOf } from '../../lib/index.ts';
import { NotifyError } from '../errors.ts';
import type { ServiceFactory } from '../service.ts';
import { flagOf, listOf, recordOf, textOf } from '../values.ts';

const TIMEOUT_MS = 15_000;

export const email: ServiceFactory = ({ name, fields }, { guard = defaultAddressGuard }) => {
  const host = textOf(fields, 'host');
  const from = textOf(fields, 'from');
  if (host === '' || from === '') {
    throw new NotifyError('NOTIFY_CONFIG', `Cannot use service ${name}: host and from are needed`);
  }
  const port = Number(textOf(fields, 'port') || '587');
  const user = textOf(fields, 'username');
  const transportTo = (address: string): Transport =>
    createTransport({
      host: address,
      port,
      secure: port === 465,
      // A password goes over an encrypted connection, or to this very machine.
      requireTLS: user !== '' && port !== 465 && !isLocal(host),
      ...(user === '' ? {} : { auth: { user, pass: textOf(fields, 'password') } }),
      tls: {
        rejectUnauthorized: !flagOf(fields, 'insecure_skip_verify', 'insecureSkipVerify'),
        // The certificate is that of the name, whatever the address.
        ...(isIP(host) === 0 ? { servername: host } : {}),
      },
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  return {
    type: 'email',
    defaultRecipients: listOf(fields, 'defaultRecipients').map(String),
    async send(message, recipient, { id, signal }) {
      const section = recordOf(message.sections, 'email');
      const body = textOf(section, 'body') || message.text;
      const transport = transportTo(await addressOf(guard, host));
      try {
        await transport.sendMail({
          from,
          to: recipient,
          subject:
            textOf(section, 'subject') || message.text.split('\n', 1)[0]?.slice(0, 200) || 'Notification',
          ...(flagOf(fields, 'html') ? { html: body } : { text: body }),
          // The same for every try, so that a mailbox can tell a repetition.
          messageId: `<${id}@fairlead>`,
        });
      } catch (error) {
        signal.throwIfAborted();
        throw refusal(host, error);
      } finally {
        transport.close();
      }
    },
  };
};

async function addressOf(guard: AddressGuard, host: string): Promise<string> {
  try {
    return (await guard.addressesOf(host))[0] ?? host;
  } catch (error) {
    const isRefused = error instanceof AddressError && error.code === 'ADDRESS_REFUSED';
    throw new NotifyError(
      isRefused ? 'NOTIFY_CONFIG' : 'NOTIFY_UNAVAILABLE',
      `Cannot send mail through ${host}: ${messageOf(error)}. Check the host`,
    );
  }
}

function isLocal(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && (host.startsWith('127.') || host === '::1'));
}

function refusal(host: string, error: unknown): NotifyError {
  const { responseCode, code } = error as { responseCode?: number; code?: string };
  const isFinal =
    (responseCode !== undefined && responseCode >= 500) || code === 'EAUTH' || code === 'EENVELOPE';
  const seen = responseCode ?? code ?? messageOf(error).slice(0, 120);
  return new NotifyError(
    isFinal ? 'NOTIFY_REFUSED' : 'NOTIFY_UNAVAILABLE',
    `Cannot send mail through ${host}: ${seen}. Check host, port, user and recipient`,
  );
}
