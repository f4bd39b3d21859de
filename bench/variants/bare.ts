import type { Attributes } from '@opentelemetry/api';
import type { Telemetry } from '../telemetry.ts';
import { prepareByHand } from './by-hand.ts';
import type { Prepared } from './variant.ts';

/**
 * What a team writes by hand in an afternoon: one span per call with eight attributes, active while the call runs.
 * It records no metrics and no content, and of errors only the status. It is the least that tracing costs.
 */
export function prepareBare(telemetry: Telemetry): Prepared {
  return prepareByHand(telemetry, {
    attributes: (operation, { model }) => {
      const attributes: Attributes = {
        'gen_ai.operation.name': operation,
        'gen_ai.provider.name': 'openai',
        'server.address': 'api.openai.com',
      };
      if (model !== undefined) attributes['gen_ai.request.model'] = model;
      return attributes;
    },
    finish: (span, { result: { id, model, usage } }) => {
      if (id !== undefined) span.setAttribute('gen_ai.response.id', id);
      if (model !== undefined) span.setAttribute('gen_ai.response.model', model);
      if (usage?.prompt_tokens !== undefined)
        span.setAttribute('gen_ai.usage.input_tokens', usage.prompt_tokens);
      if (usage?.completion_tokens !== undefined)
        span.setAttribute('gen_ai.usage.output_tokens', usage.completion_tokens);
      span.end();
    },
  });
}
