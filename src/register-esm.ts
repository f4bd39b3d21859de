/** `…/register` as an ES module. ES modules load their own copy of the OpenTelemetry API. */
import * as api from '@opentelemetry/api';
import { setImportedApi } from './register.ts';

setImportedApi(api);
