// Traces from webhook to applied, over OTLP/HTTP. Off: nothing of OpenTelemetry is loaded, nothing is wrapped.
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { messageOf } from '../../lib/index.ts';

/** What the parts call. Contexts are opaque to them. */
export interface Tracing {
  /** Runs `task` inside a span below the current one, or below `parent`. */
  span<T>(name: string, attributes: Attributes, task: () => Promise<T>, parent?: unknown): Promise<T>;
  /** A span that is over already; times in milliseconds since the epoch. */
  past(name: string, attributes: Attributes, startMs: number, endMs: number, parent?: unknown): void;
  /** The context now, to be a parent later. */
  context(): unknown;
  /** Sends what waits, within a bound. */
  stop(): Promise<void>;
}

export interface TracingOptions {
  /** Base address of the collector, e.g. `http://collector:4318`; `/v1/traces` is added as OTLP says. */
  readonly endpoint: string;
  readonly serviceVersion: string;
}

const EXPORT_TIMEOUT_MS = 10_000;
const MAX_QUEUED_SPANS = 4_096;

/** Loads OpenTelemetry and starts to export. */
export async function startTracing({ endpoint, serviceVersion }: TracingOptions): Promise<Tracing> {
  const [{ context, SpanStatusCode, trace }, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new sdk.NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'fairlead', 'service.version': serviceVersion }),
    spanProcessors: [
      new sdk.BatchSpanProcessor(exporter, { maxQueueSize: MAX_QUEUED_SPANS, scheduledDelayMillis: 1_000 }),
    ],
  });
  provider.register();
  const tracer = provider.getTracer('fairlead', serviceVersion);
  const under = (parent: unknown): Context => (parent === undefined ? context.active() : (parent as Context));
  const fail = (span: Span, error: unknown): void => {
    span.recordException(
      error instanceof Error ? { name: error.name, message: error.message } : messageOf(error),
    );
    span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error).slice(0, 500) });
  };
  return {
    span(name, attributes, task, parent) {
      const span = tracer.startSpan(name, { attributes }, under(parent));
      return context.with(trace.setSpan(under(parent), span), async () => {
        try {
          return await task();
        } catch (error) {
          fail(span, error);
          throw error;
        } finally {
          span.end();
        }
      });
    },
    past(name, attributes, startMs, endMs, parent) {
      tracer.startSpan(name, { attributes, startTime: startMs }, under(parent)).end(endMs);
    },
    context: () => context.active(),
    async stop() {
      await provider.shutdown();
      context.disable();
      trace.disable();
    },
  };
}
