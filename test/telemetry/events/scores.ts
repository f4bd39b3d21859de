import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';

const EVALUATION = 'gen_ai.evaluation.result';

interface Score {
  traceId: string;
  spanId: string;
  name: unknown;
  score: unknown;
  label: unknown;
  explanation: unknown;
}

/** Sends scores to a backend that does not take them as log records. */
class ScoreProcessor implements LogRecordProcessor {
  #pending = new Set<Promise<unknown>>();
  #send: (score: Score) => Promise<unknown>;

  constructor(send: (score: Score) => Promise<unknown>) {
    this.#send = send;
  }

  enabled({ eventName }: { eventName?: string }): boolean {
    return eventName === EVALUATION;
  }

  onEmit({ eventName, spanContext, attributes }: ReadableLogRecord): void {
    // Without a span there is nothing that these backends could attach the score to.
    if (eventName !== EVALUATION || spanContext === undefined) return;
    const { traceId, spanId } = spanContext;
    const sent = this.#send({
      traceId,
      spanId,
      name: attributes['gen_ai.evaluation.name'],
      score: attributes['gen_ai.evaluation.score.value'],
      label: attributes['gen_ai.evaluation.score.label'],
      explanation: attributes['gen_ai.evaluation.explanation'],
    })
      .catch((error) => console.error('A score was not sent:', error))
      .finally(() => this.#pending.delete(sent));
    this.#pending.add(sent);
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async shutdown(): Promise<void> {
    await this.forceFlush();
  }
}

async function post(url: string, body: object, headers: Record<string, string> = {}): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}

/** Langfuse: a number, or a word where there is no number. */
function langfuse(url: string, publicKey: string, secretKey: string): ScoreProcessor {
  const authorization = `Basic ${btoa(`${publicKey}:${secretKey}`)}`;
  return new ScoreProcessor(({ traceId, spanId, name, score, label, explanation }) =>
    post(
      `${url}/api/public/scores`,
      {
        traceId,
        observationId: spanId,
        name,
        value: score ?? label,
        dataType: score === undefined ? 'CATEGORICAL' : 'NUMERIC',
        comment: explanation,
      },
      { authorization },
    ),
  );
}

/** Phoenix: `HUMAN`, `LLM` or `CODE` says who evaluated. */
function phoenix(url: string, annotator: 'HUMAN' | 'LLM' | 'CODE'): ScoreProcessor {
  return new ScoreProcessor(({ spanId, name, score, label, explanation }) =>
    post(`${url}/v1/span_annotations`, {
      data: [{ span_id: spanId, name, annotator_kind: annotator, result: { score, label, explanation } }],
    }),
  );
}

// The example of docs/evaluations.md ends here.
export { langfuse, phoenix };
