import { type Attributes, SpanKind } from '@opentelemetry/api';
import type OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
