// OpenTelemetry traces: operations, generations of searches, epochs of trainings and a share of the evaluations, sent by OTLP over
// HTTP. Loaded only when there is somewhere to send them. Spans are made when what they tell of is over, from
// its end and its length, so nothing is carried through the service for them.

import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { type Observer, observerOf } from '../service/observer.ts';
import type { Operated } from './metrics.ts';

export interface Traces {
  readonly observe: Observer;
  readonly operated: (operated: Operated) => void;
  /** Sends what is left. Never rejects: traces are no reason to end otherwise. */
  readonly close: () => Promise<void>;
}

/** One evaluation of so many has a span: a search has thousands, each like the others. */
const SAMPLED = 10;

/** For the collector to take what it is sent, tries again among it: an ending service waits for it. */
const TIMEOUT_MS = 2000;

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** `endpoint`: of an OTLP collector, as OTEL_EXPORTER_OTLP_ENDPOINT has it. */
export function openTraces(endpoint: string): Traces {
  const url = `${endpoint.replace(/\/+$/u, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: TIMEOUT_MS });
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  const tracer = provider.getTracer('mednas');
  let evaluations = 0;

  function span(name: string, seconds: number, attributes: Attributes, kind = SpanKind.INTERNAL) {
    const end = Date.now();
    const one = tracer.startSpan(name, { startTime: end - seconds * 1000, attributes, kind, root: true });
    return { fail: () => one.setStatus({ code: SpanStatusCode.ERROR }), end: () => one.end(end) };
  }

  return {
    observe: observerOf({
      evaluated({ search, outcome, seconds }) {
        if (outcome === 'reused' || evaluations++ % SAMPLED !== 0) return;
        const ofSearch = search !== null && { 'mednas.search': search };
        span('evaluation', seconds, { 'mednas.outcome': outcome, ...ofSearch }).end();
      },
      generation({ search, generation, evaluations: scored, seconds }) {
        const attributes = {
          'mednas.search': search,
          'mednas.generation': generation,
          'mednas.evaluations': scored,
        };
        span('generation', seconds, attributes).end();
      },
      epoch({ training, epoch, images, seconds }) {
        const attributes = {
          'mednas.training': training,
          'mednas.epoch': epoch,
          'mednas.images': images,
        };
        span('epoch', seconds, attributes).end();
      },
    }),
    operated({ field, type, transport, outcome, seconds, requestId }) {
      const attributes = {
        'graphql.operation.type': type,
        'mednas.field': field,
        'mednas.transport': transport,
        'mednas.outcome': outcome,
        'mednas.request': requestId,
      };
      const operation = span(`${type} ${field}`, seconds, attributes, SpanKind.SERVER);
      if (outcome !== 'OK') operation.fail();
      operation.end();
    },
    close: () => provider.shutdown().catch(() => undefined),
  };
}
