import { instrumentAgents } from 'opentelemetry-instrumentation-openai/agents';

instrumentAgents();
