// What Prometheus is told at GET /metrics. Labels take few values, none of them a client's own. What can
// be looked at is looked at when it is asked for; the rest is counted as it happens.

import type { Handler } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type Observer, observerOf } from '../service/observer.ts';
import type { Service } from '../service/service.ts';

export type Transport = 'http' | 'websocket' | 'sse';

export interface Operated {
  /** The one field it asks for, or `other`. */
  readonly field: string;
  readonly type: string;
  readonly transport: Transport;
  /** OK, or the code of its first error. */
  readonly outcome: string;
  readonly seconds: number;
  readonly requestId: string;
}

export interface Requested {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface Metrics {
  readonly handler: Handler;
  readonly observe: Observer;
  readonly operated: (operated: Operated) => void;
  readonly requested: (requested: Requested) => void;
  /** So many more follow something. */
  readonly subscribed: (transport: Transport, change: 1 | -1) => void;
}

/** Of the process, of which there is one, whatever many services a test opens in it. */
let ofProcess: Registry | null = null;
function processMetrics(): Registry {
  if (ofProcess === null) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

const SCORING_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const ANSWERING_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Of the queue, where there is one; Redis that does not answer has its own alarm. */
function openQueueGauges({ fleet }: Service, registers: Registry[]): void {
  const jobs: Gauge<'state'> = new Gauge({
    name: 'mednas_queue_jobs',
    help: 'Jobs in the queue, by state; all replicas tell the same.',
    labelNames: ['state'],
    registers,
    async collect() {
      jobs.reset();
      const now = await fleet.jobs().catch(() => null);
      if (now === null) return;
      jobs.set({ state: 'waiting' }, now.waiting);
      jobs.set({ state: 'active' }, now.active);
    },
  });
  const processes: Gauge = new Gauge({
    name: 'mednas_fleet_workers',
    help: 'Processes that score; all replicas of a queue tell the same.',
    registers,
    async collect() {
      processes.set((await fleet.workers().catch(() => [])).length);
    },
  });
  const ofWorkers: Readonly<Record<string, readonly [help: string, of: 'workers' | 'busy']>> = {
    mednas_fleet_threads: [
      'Threads of the processes that score and train, by backend; all replicas of a queue tell the same.',
      'workers',
    ],
    mednas_fleet_busy: [
      'Architectures that they score now, by backend; all replicas of a queue tell the same.',
      'busy',
    ],
  };
  for (const [name, [help, of]] of Object.entries(ofWorkers)) {
    const gauge: Gauge<'backend'> = new Gauge({
      name,
      help,
      labelNames: ['backend'],
      registers,
      async collect() {
        const now = await fleet.workers().catch(() => []);
        // Summed at once, or who asks at the same time would add to it.
        gauge.reset();
        for (const worker of now) gauge.inc({ backend: worker.backend }, worker[of]);
      },
    });
  }
  const ended: Counter<'outcome'> = new Counter({
    name: 'mednas_jobs_total',
    help: 'Jobs of this process that are over: completed, returned by a worker that stopped, lost with Redis, died with their workers, failed.',
    labelNames: ['outcome'],
    registers,
    async collect() {
      const now = await fleet.jobs().catch(() => null);
      ended.reset();
      if (now === null) return;
      for (const [outcome, count] of Object.entries(now.outcomes)) ended.inc({ outcome }, count);
    },
  });
}

/** What is looked at: engine, searches and trainings, as they are now. */
function openGauges(service: Service, registers: Registry[]): void {
  const { engineLoad, searches, trainings, hearsOthers } = service;
  openQueueGauges(service, registers);
  const now: Readonly<Record<string, readonly [help: string, read: () => number]>> = {
    mednas_workers: ['Threads that score architectures.', () => service.engine.workers],
    mednas_workers_busy: ['Threads that score an architecture now.', () => engineLoad().busy],
    mednas_evaluations_waiting: ['Architectures that wait for a thread.', () => engineLoad().waiting],
    mednas_searches_running: ['Searches this process runs.', () => searches.load().running],
    mednas_searches_queued: [
      'Searches that wait for their turn in this process.',
      () => searches.load().queued,
    ],
    mednas_trainings_running: ['Trainings this process runs.', () => trainings.load().running],
    mednas_trainings_queued: [
      'Trainings that wait for their turn in this process.',
      () => trainings.load().queued,
    ],
  };
  for (const [name, [help, read]] of Object.entries(now)) {
    const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) });
  }
  if (hearsOthers() !== null) {
    const heard: Gauge = new Gauge({
      name: 'mednas_redis_up',
      help: 'Whether wake-ups of other processes come over Redis now; if not, events are polled for.',
      registers,
      collect: () => heard.set(Number(hearsOthers())),
    });
  }
  const crashes: Counter = new Counter({
    name: 'mednas_worker_crashes_total',
    help: 'Tasks whose thread died.',
    registers,
    collect() {
      crashes.reset();
      crashes.inc(engineLoad().crashes);
    },
  });
  for (const [name, { countByStatus }] of Object.entries({ searches, trainings })) {
    const byStatus: Gauge<'status'> = new Gauge({
      name: `mednas_${name}`,
      help: `${name === 'searches' ? 'Searches' : 'Trainings'} in the archive, by status.`,
      labelNames: ['status'],
      registers,
      async collect() {
        const counts = await countByStatus().catch(() => []);
        // An archive that does not answer has its own alarm; numbers of old are none.
        byStatus.reset();
        for (const [status, count] of counts) byStatus.set({ status }, count);
      },
    });
  }
}

export function openMetrics(service: Service): Metrics {
  const registry = new Registry();
  const registers = [registry];
  openGauges(service, registers);
  const evaluations = new Counter({
    name: 'mednas_evaluations_total',
    help: 'Architectures asked for: computed (ok, infeasible), or found in the archive (reused).',
    labelNames: ['outcome'],
    registers,
  });
  const evaluationSeconds = new Histogram({
    name: 'mednas_evaluation_seconds',
    help: 'Time to compute the indicators of an architecture.',
    buckets: SCORING_SECONDS,
    registers,
  });
  const generationSeconds = new Histogram({
    name: 'mednas_generation_seconds',
    help: 'Time from one finished generation of a search to the next.',
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers,
  });
  const epochSeconds = new Histogram({
    name: 'mednas_epoch_seconds',
    help: 'Time of an epoch of a training, validation included.',
    buckets: [0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
    registers,
  });
  const trainedImages = new Counter({
    name: 'mednas_trained_images_total',
    help: 'Images that updates of trainings were made of.',
    registers,
  });
  const events = new Counter({
    name: 'mednas_events_total',
    help: 'Events appended to journals of searches and trainings.',
    labelNames: ['type'],
    registers,
  });
  const subscribers = new Gauge({
    name: 'mednas_subscribers',
    help: 'Subscriptions that are open.',
    labelNames: ['transport'],
    registers,
  });
  const operations = new Counter({
    name: 'mednas_graphql_operations_total',
    help: 'GraphQL operations that are over, by the field they ask for.',
    labelNames: ['field', 'type', 'transport', 'outcome'],
    registers,
  });
  const operationSeconds = new Histogram({
    name: 'mednas_graphql_operation_seconds',
    help: 'Time to answer queries and mutations.',
    labelNames: ['field', 'type'],
    buckets: ANSWERING_SECONDS,
    registers,
  });
  const requests = new Counter({
    name: 'mednas_http_requests_total',
    help: 'HTTP requests that are over.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'mednas_http_request_seconds',
    help: 'Time to answer HTTP requests, streams of events left out.',
    labelNames: ['route'],
    buckets: ANSWERING_SECONDS,
    registers,
  });
  const everything = Registry.merge([processMetrics(), registry]);
  return {
    handler: async (_, response) => {
      const text = await everything.metrics();
      response.set('Content-Type', everything.contentType).set('Cache-Control', 'no-store').send(text);
    },
    observe: observerOf({
      evaluated({ outcome, seconds }) {
        evaluations.inc({ outcome });
        if (outcome !== 'reused') evaluationSeconds.observe(seconds);
      },
      event: ({ happening }) => events.inc({ type: happening }),
      generation: ({ seconds }) => generationSeconds.observe(seconds),
      epoch({ seconds, images }) {
        epochSeconds.observe(seconds);
        trainedImages.inc(images);
      },
    }),
    operated({ field, type, transport, outcome, seconds }) {
      operations.inc({ field, type, transport, outcome });
      if (type !== 'subscription') operationSeconds.observe({ field, type }, seconds);
    },
    requested({ seconds, ...labels }) {
      requests.inc(labels);
      if (labels.route !== '/graphql/stream') requestSeconds.observe({ route: labels.route }, seconds);
    },
    subscribed: (transport, change) => subscribers.inc({ transport }, change),
  };
}
