// What is used of nodemailer, which has no types of its own.
declare module 'nodemailer' {
  export interface MailOptions {
    readonly from: string;
    readonly to: string;
    readonly subject: string;
    readonly text?: string;
    readonly html?: string;
    readonly messageId?: string;
  }
  export interface Transport {
    sendMail(options: MailOptions): Promise<unknown>;
    close(): void;
  }
  export function createTransport(options: Readonly<Record<string, unknown>>): Transport;
}
