// What tests read of the API's types. A query answers the part of it that it asks for.

interface Connection<N> {
  readonly totalCount: number;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly edges: readonly { readonly cursor: string; readonly node: N }[];
}

export interface Architecture {
  readonly id: string;
  readonly macs: number;
  readonly params: number;
  readonly feasible: boolean;
  readonly indicators: readonly { readonly name: string; readonly value: number | null }[];
  readonly nodes: readonly { readonly macs: number }[];
}

export interface Individual {
  readonly id: string;
  readonly born: number;
  readonly index: number;
  readonly objectives: readonly number[] | null;
  readonly parents: readonly Individual[];
  readonly architecture: Architecture;
}

interface Member {
  readonly rank: number;
  readonly individual: Individual;
}

export interface Population {
  readonly id: string;
  readonly generation: number;
  readonly evaluations: number;
  readonly hypervolume: number;
  readonly members: readonly Member[];
  readonly paretoFront: readonly Member[];
  readonly search: Search;
}

export interface Search {
  readonly id: string;
  readonly status: string;
  readonly finishedAt: string | null;
  readonly dataset: { readonly id: string };
  readonly space: { readonly id: string };
  readonly first: Population;
  readonly population: Population;
  readonly paretoFront: readonly Member[];
  readonly generations: Connection<Population>;
  readonly individuals: Connection<Individual>;
}

export interface TrainingRun {
  readonly id: string;
  readonly status: string;
  readonly epochs: readonly object[];
  readonly weights: {
    readonly epoch: number;
    readonly validationAuc: number;
    readonly path: string;
    readonly sha256: string;
    readonly bytes: number;
  };
  readonly validation: { readonly auc: { readonly value: number } };
  readonly test: {
    readonly auc: { readonly value: number; readonly low: number; readonly high: number };
    readonly confusion: readonly (readonly number[])[];
    readonly classes: readonly { readonly roc: readonly object[] }[];
  };
}

interface UserError {
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
}

/** Of every mutation. */
export interface Payload {
  readonly search: Search | null;
  readonly architecture: Architecture | null;
  readonly run: TrainingRun | null;
  readonly deletedId: string | null;
  readonly errors: readonly UserError[];
}

export interface SearchEvent {
  readonly __typename: 'StatusChanged' | 'ArchitectureEvaluated' | 'GenerationFinished';
  readonly sequence: number;
  readonly status: string;
  readonly generation: number;
  readonly reused: boolean;
  readonly architecture: Architecture | undefined;
  readonly population: Population;
}

export interface Data {
  readonly engine: Readonly<Record<string, unknown>> & { readonly id: string };
  readonly search: Search;
  readonly searches: Connection<Search>;
  readonly architectures: Connection<Architecture>;
  readonly datasets: readonly { readonly name: string }[];
  readonly workers: readonly Readonly<Record<string, unknown>>[];
  readonly searchSpaces: readonly {
    readonly name: string;
    readonly operations: { readonly normal: readonly string[] };
  }[];
  readonly nodes: readonly { readonly id: string }[];
  readonly startSearch: Payload;
  readonly scoreArchitecture: Payload;
  readonly trainArchitecture: Payload;
  readonly pauseTraining: Payload;
  readonly resumeTraining: Payload;
  readonly cancelTraining: Payload;
  readonly deleteTraining: Payload;
  readonly trainingEvents: object;
  readonly trainingRun: TrainingRun;
  readonly trainingRuns: Connection<TrainingRun>;
  readonly architecture: Architecture & { readonly trainings: Connection<TrainingRun> };
  readonly node: { readonly id: string } | null;
  readonly searchEvents: SearchEvent;
  readonly __schema: { readonly types: readonly unknown[] };
}

export interface ShownError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** An answer over HTTP. `data` is null when the request was refused; tests see that by its errors. */
export interface Answer {
  readonly status: number;
  readonly data: Data;
  readonly errors: readonly ShownError[];
}
