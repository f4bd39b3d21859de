import { instrumentAgents } from 'opentelemetry-instrumentation-openai/agents';
import './sdk-3.mjs';

instrumentAgents();
