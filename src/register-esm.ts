/** `…/register` as an ES module: of the API, ES modules have a copy of their own. */
import * as api from '@opentelemetry/api';
import { setImportedApi } from './register.ts';

setImportedApi(api);
