/**
 * What a request means: the name of the file under `src/operations` that reads it. `request` is every
 * endpoint that only has its method, path and ids to tell; `compaction`, `image`, `moderation`, `speech` and
 * `transcription` run a model, though the GenAI conventions have no operation for them either.
 */
export type OperationKey =
  | 'request'
  | 'chat'
  | 'text_completion'
  | 'embeddings'
  | 'retrieval'
  | 'response'
  | 'fetch_response'
  | 'create_agent'
  | 'compaction'
  | 'image'
  | 'moderation'
  | 'speech'
  | 'transcription'
  | 'run'
  | 'thread_run'
  | 'session'
  | 'turn';

/** An invocation that lives longer than one request. */
export type Invocation = 'run' | 'response' | 'turn';

/** The HTTP methods OpenAI's API uses. */
export type EndpointMethod = 'GET' | 'POST' | 'DELETE';

/** What sets one method of an endpoint apart from a plain request. */
export interface Meaning {
  readonly operation?: OperationKey;
  readonly folds?: Invocation;
}

/** The methods of an endpoint that are more than a plain request. */
export type Meanings = Readonly<Partial<Record<EndpointMethod, Meaning>>>;

/**
 * A row of the table: the path template as OpenAI's API reference spells it, its methods separated by spaces,
 * and the meaning of those that are more than a plain request. (A method that is missing is still matched, as
 * a plain request; the list is what tests and the check of new `openai` versions compare with.)
 */
export type RouteRow = readonly [template: string, methods: string, meanings?: Meanings];

/** A parameter of a path template. */
export interface PathParameter {
  /** As in the template, without braces: `thread_id`. */
  readonly name: string;
  /** The attribute its value is recorded under: `openai.thread.id`; `undefined` when it is not recorded. */
  readonly attribute: string | undefined;
}

/** What one endpoint is: one method of one row. */
export interface Route {
  /** In capitals: `POST`; `_OTHER` for a method HTTP does not define. */
  readonly method: string;
  /** Of low cardinality, without base path and query: `/threads/{thread_id}/runs`. */
  readonly template: string;
  /** The first segment of the template: `threads`. */
  readonly family: string;
  readonly operation: OperationKey;
  /**
   * The request opens, drives or observes an invocation. Where that invocation is drawn, the request is
   * part of its span and gets none of its own.
   */
  readonly folds?: Invocation;
  /** In path order. */
  readonly parameters: readonly PathParameter[];
  /** The attribute for the id of what a POST to a collection creates: `openai.file.id` for `/files`. */
  readonly created?: string | undefined;
}
