/**
 * Sends scores of `recordEvaluation` to Langfuse or Phoenix, which do not accept them as log records:
 *
 *     new NodeSDK({ logRecordProcessors: [phoenix('http://localhost:6006', 'HUMAN')], … });
 */
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';

interface Score {
  traceId: string;
  spanId: string;
  name: unknown;
  score: unknown;
  label: unknown;
  explanation: unknown;
}

/** Posts each score to a backend that does not accept scores as log records. */
function scores(url: string, headers: object, bodyOf: (score: Score) => object): LogRecordProcessor {
  const pending = new Set<Promise<unknown>>();
  const forceFlush = async (): Promise<void> => void (await Promise.all(pending));
  return {
    onEmit({ eventName, spanContext, attributes }) {
      // Backends attach a score to a span, so a score without one is not sent.
      if (eventName !== 'gen_ai.evaluation.result' || spanContext === undefined) return;
      const body = bodyOf({
        ...spanContext,
        name: attributes['gen_ai.evaluation.name'],
        score: attributes['gen_ai.evaluation.score.value'],
        label: attributes['gen_ai.evaluation.score.label'],
        explanation: attributes['gen_ai.evaluation.explanation'],
      });
      const sent = fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
        .then(({ ok, status }) => ok || console.error(`${url} answered ${status}`), console.error)
        .finally(() => pending.delete(sent));
      pending.add(sent);
    },
    forceFlush,
    shutdown: forceFlush,
  };
}

/** Langfuse: a number, or a word if there is no number. */
export function langfuse(url: string, publicKey: string, secretKey: string): LogRecordProcessor {
  const authorization = `Basic ${btoa(`${publicKey}:${secretKey}`)}`;
  return scores(`${url}/api/public/scores`, { authorization }, (score) => ({
    traceId: score.traceId,
    observationId: score.spanId,
    name: score.name,
    value: score.score ?? score.label,
    dataType: score.score === undefined ? 'CATEGORICAL' : 'NUMERIC',
    comment: score.explanation,
  }));
}

/** Phoenix: `HUMAN`, `LLM` or `CODE` says who evaluated. */
export function phoenix(url: string, annotator_kind: 'HUMAN' | 'LLM' | 'CODE'): LogRecordProcessor {
  return scores(`${url}/v1/span_annotations`, {}, ({ spanId, name, score, label, explanation }) => ({
    data: [{ span_id: spanId, name, annotator_kind, result: { score, label, explanation } }],
  }));
}
