import type { Answer } from '../../support/simulator/index.ts';
import { type Behaviour, type Surroundings, times } from '../behaviour.ts';

function page(...ids: readonly string[]): Answer {
  const data = ids.map((id) => ({ id, object: 'fine_tuning.job' }));
  return { body: { object: 'list', data, has_more: ids.length > 1 } };
}

const THREE_PAGES = [page('ftjob_1', 'ftjob_2'), page('ftjob_3'), page()];

/** Early openai 4 shows nothing of a form. */
const heard = ({ major, minor }: Surroundings): readonly string[] => [
  major === 4 && minor < 104 ? 'speech_to_text' : 'speech_to_text whisper-1',
];

/** openai 4.19 asks for a page after the last one. */
function listed({ major, minor }: Surroundings): readonly string[] {
  return times(major === 4 && minor === 19 ? 3 : 2, 'GET /fine_tuning/jobs');
}

/** Lists, files, and bodies of all kinds. */
export const PAYLOADS: readonly Behaviour[] = [
  {
    name: 'page-awaited',
    title: 'A page, and the next',
    answers: THREE_PAGES,
    spans: ['GET /fine_tuning/jobs', 'GET /fine_tuning/jobs'],
  },
  { name: 'page-for-await', title: 'All items of a list', answers: THREE_PAGES, spans: listed },
  { name: 'page-by-page', title: 'All pages of a list', answers: THREE_PAGES, spans: listed },
  {
    name: 'page-left-early',
    title: 'A list left early',
    answers: THREE_PAGES,
    spans: ['GET /fine_tuning/jobs', 'GET /fine_tuning/jobs'],
  },
  {
    name: 'page-with-response',
    title: '`withResponse()` and `asResponse()` of a page',
    spans: ['GET /models', 'GET /models  openai.response.parsed=false'],
  },
  {
    name: 'page-that-fails',
    title: 'A list whose second page fails',
    answers: [page('ftjob_1', 'ftjob_2'), { status: 403 }],
    spans: ['GET /fine_tuning/jobs', 'GET /fine_tuning/jobs  !PermissionDeniedError'],
  },
  {
    name: 'page-by-post',
    title: 'A list requested by POST',
    answers: [
      {
        body: {
          object: 'vector_store.search_results.page',
          data: [{ file_id: 'file_1', score: 0.5 }],
          has_more: false,
          next_page: null,
        },
      },
    ],
    spans: ['retrieval vs_1'],
  },
  {
    name: 'binary-body',
    title: 'Binary responses',
    spans: ['text_to_speech tts-1', 'GET /files/{file_id}/content'],
  },
  {
    name: 'multipart-body',
    title: 'A multipart body',
    answers: [{ body: { text: 'Hello' } }],
    spans: heard,
  },
  { name: 'file-upload', title: 'Uploads of files', spans: ['POST /files', 'generate_content'] },
  {
    name: 'upload-in-parts',
    title: 'An upload in parts',
    spans: ['POST /uploads', 'POST /uploads/{upload_id}/parts', 'POST /uploads/{upload_id}/complete'],
  },
  {
    name: 'text-body',
    title: 'A plain text response',
    answers: [{ body: 'Hello' }],
    spans: heard,
  },
  {
    name: 'embeddings',
    title: 'Embeddings, which the SDK decodes',
    spans: [
      'embeddings text-embedding-3-small',
      'embeddings text-embedding-3-small',
      'embeddings text-embedding-3-small  openai.response.parsed=false',
    ],
  },
  {
    name: 'other-endpoints',
    title: 'Endpoints of all kinds',
    spans: [
      'text_completion gpt-3.5-turbo-instruct',
      'moderation',
      'generate_content',
      'GET /files/{file_id}',
      'POST /fine_tuning/jobs',
      'POST /fine_tuning/jobs/{fine_tuning_job_id}/cancel',
    ],
  },
  { name: 'webhook', title: 'Webhooks', spans: ['webhook', 'webhook  !InvalidWebhookSignatureError'] },
  {
    name: 'unknown-paths',
    title: '`client.post` and others on paths without an SDK method',
    answers: [{ when: { path: '/brand/new/missing' }, status: 404 }],
    spans: [
      'POST /brand/{id}/endpoint',
      'GET /brand/{id}/{id}',
      'PUT /brand/{id}/{id}',
      'PATCH /brand/{id}/{id}',
      'DELETE /brand/{id}/{id}',
      'GET /brand/{id}/missing  !NotFoundError',
    ],
  },
];
