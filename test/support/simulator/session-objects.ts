import type OpenAI from 'openai';
import type { ScriptedUsage } from './script.ts';

// The shapes are those of the type files of `openai`.

export type Agent = OpenAI.Beta.Agent;
export type SessionObject = OpenAI.Beta.AgentSession;
export type Subagent = OpenAI.Beta.Subagent;
export type Item = { id: string; type: string; turn_id: string; [field: string]: unknown };
export type RequiredAction = SessionObject['required_actions'][number];
export type TokenUsage = OpenAI.Beta.TokenUsage;
export type Turn = OpenAI.Beta.Agents.Sessions.Turn;
export type InputEvent = OpenAI.Beta.AgentSessionInputParam;
export type SessionBody = OpenAI.Beta.Agents.SessionCreateParams;
export type AgentBody = OpenAI.Beta.AgentCreateParams;

export function newAgent(id: string, createdAt: number, body: Partial<AgentBody>): Agent {
  return {
    id,
    object: 'agent',
    created_at: createdAt,
    updated_at: createdAt,
    name: body.name ?? null,
    model: body.model ?? '',
    instructions: body.instructions ?? null,
    metadata: body.metadata ?? {},
    multi_agent: {
      enabled: false,
      max_concurrent_subagents: null,
      ...body.multi_agent,
    } as Agent['multi_agent'],
    reasoning: { effort: null, summary: null, ...body.reasoning },
    service_tier: body.service_tier ?? 'auto',
    text: { format: { type: 'text' }, verbosity: null, ...body.text } as Agent['text'],
    tools: (body.tools ?? []) as Agent['tools'],
  };
}

/** @param saved the agent that the session is to use, which what is said in the request overrides */
export function newSession(
  id: string,
  createdAt: number,
  body: SessionBody,
  saved: Agent | undefined,
  agentId: string,
): SessionObject {
  const {
    object: _,
    created_at: __,
    updated_at: ___,
    metadata: ____,
    ...agent
  } = {
    ...(saved ?? newAgent(agentId, createdAt, {})),
    ...(body.agent as Partial<Agent> | undefined),
  };
  return {
    id,
    object: 'agent.session',
    agent: agent as SessionObject['agent'],
    created_at: createdAt,
    last_active_at: createdAt,
    environment: body.environment as SessionObject['environment'],
    error: null,
    metadata: body.metadata ?? {},
    required_actions: [],
    status: 'idle',
    usage: null,
    vault_ids: body.vault_ids ?? [],
  };
}

export function newTurn(
  id: string,
  createdAt: number,
  session: SessionObject,
  subagentId: string | null,
): Turn {
  return {
    id,
    object: 'agent.session.turn',
    agent_id: subagentId ?? session.agent.id,
    session_id: session.id,
    subagent_id: subagentId,
    created_at: createdAt,
    started_at: null,
    completed_at: null,
    error: null,
    status: 'queued',
    usage: null,
  };
}

export function tokenUsageOf({ prompt, completion, cached = 0, reasoning = 0 }: ScriptedUsage): TokenUsage {
  return {
    input_tokens: prompt,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: completion,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: prompt + completion,
  };
}
