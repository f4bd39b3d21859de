/** The kinds of invocations, which outlive a single request. */
export type InvocationKind = 'run' | 'response' | 'turn';

export interface PathTree {
  readonly [segment: string]: PathTree;
}

/**
 * The paths of every endpoint that openai 4 to 7 call, as in OpenAI's API reference. To add one, add its
 * segments. A path that is not here still gets a span with a generic name. Tests compare the tree with new
 * versions of `openai`.
 */
export const PATHS: PathTree = {
  // Models: text, responses and conversations, images, audio, video, realtime.
  chat: { completions: { '{completion_id}': { messages: {} } } },
  completions: {},
  edits: {},
  responses: {
    compact: {},
    input_tokens: {},
    '{response_id}': { cancel: {}, input_items: {} },
  },
  conversations: { '{conversation_id}': { items: { '{item_id}': {} } } },
  embeddings: {},
  moderations: {},
  decisions: {},
  images: { edits: {}, generations: {}, variations: {} },
  audio: {
    speech: {},
    transcriptions: {},
    translations: {},
    voice_consents: { '{consent_id}': {} },
    voices: { '{voice_id}': {} },
  },
  videos: {
    characters: { '{character_id}': {} },
    edits: {},
    extensions: {},
    '{video_id}': { content: {}, remix: {} },
  },
  realtime: {
    calls: { '{call_id}': { accept: {}, hangup: {}, refer: {}, reject: {} } },
    client_secrets: {},
    sessions: {},
    transcription_sessions: {},
    translations: { client_secrets: {} },
  },
  live: {
    sessions: {
      '{session_id}': { accept: {}, content: {}, fork: {}, hangup: {}, refer: {}, reject: {} },
    },
  },

  // Agents: the Assistants API (assistants, threads), the Agents API and its vaults, ChatKit.
  assistants: { '{assistant_id}': { files: { '{file_id}': {} } } },
  threads: {
    runs: {},
    '{thread_id}': {
      messages: { '{message_id}': { files: { '{file_id}': {} } } },
      runs: {
        '{run_id}': {
          cancel: {},
          steps: { '{step_id}': {} },
          submit_tool_outputs: {},
        },
      },
    },
  },
  agents: {
    automations: {
      '{automation_id}': {
        invocations: { '{invocation_id}': {} },
        pause: {},
        resume: {},
      },
    },
    environments: {
      templates: { '{environment_template_id}': {} },
      '{environment_id}': { files: {} },
    },
    sessions: {
      '{session_id}': {
        artifacts: { '{artifact_id}': { content: {} } },
        events: {},
        items: {},
        subagents: { '{subagent_id}': { items: {}, turns: { '{turn_id}': { items: {} } } } },
        traces: {},
        turns: { '{turn_id}': { items: {} } },
      },
    },
    '{agent_id}': {},
  },
  vaults: { '{vault_id}': { credentials: { '{credential_id}': {} } } },
  chatkit: {
    sessions: { '{session_id}': { cancel: {} } },
    threads: { '{thread_id}': { items: {} } },
  },

  // Files, vector stores, containers, skills, fine-tuning and evaluations.
  models: { '{model}': {} },
  files: { '{file_id}': { content: {} } },
  uploads: { '{upload_id}': { cancel: {}, complete: {}, parts: {} } },
  batches: { '{batch_id}': { cancel: {} } },
  vector_stores: {
    '{vector_store_id}': {
      file_batches: { '{batch_id}': { cancel: {}, files: {} } },
      files: { '{file_id}': { content: {} } },
      search: {},
    },
  },
  containers: { '{container_id}': { files: { '{file_id}': { content: {} } } } },
  skills: { '{skill_id}': { content: {}, versions: { '{version}': { content: {} } } } },
  fine_tuning: {
    alpha: { graders: { run: {}, validate: {} } },
    checkpoints: { '{fine_tuned_model_checkpoint}': { permissions: { '{permission_id}': {} } } },
    jobs: {
      '{fine_tuning_job_id}': { cancel: {}, checkpoints: {}, events: {}, pause: {}, resume: {} },
    },
  },
  'fine-tunes': { '{fine_tune_id}': { cancel: {}, events: {} } },
  evals: {
    '{eval_id}': {
      runs: { '{run_id}': { cancel: {}, output_items: { '{output_item_id}': {} } } },
    },
  },
  safety: {
    alerts: { '{id}': {} },
    cases: { '{id}': {} },
  },
  content_provenance_checks: {},
  webhook_endpoints: { '{webhook_endpoint_id}': { rotate_secret: {}, test: {} } },
  webhook_event_types: {},

  // The administration API: organizations, projects, users, keys, usage.
  organization: {
    admin_api_keys: { '{key_id}': {} },
    audit_logs: {},
    certificates: { activate: {}, deactivate: {}, '{certificate_id}': {} },
    costs: {},
    data_retention: {},
    external_keys: { '{external_key_id}': { validate: {} } },
    external_storage: { '{external_storage_id}': { validate: {} } },
    groups: { '{group_id}': { roles: { '{role_id}': {} }, users: { '{user_id}': {} } } },
    invites: { '{invite_id}': {} },
    projects: {
      '{project_id}': {
        api_keys: { '{api_key_id}': {} },
        archive: {},
        certificates: { activate: {}, deactivate: {} },
        data_retention: {},
        groups: { '{group_id}': {} },
        hosted_tool_permissions: {},
        model_permissions: {},
        rate_limits: { '{rate_limit_id}': {} },
        service_accounts: { '{service_account_id}': { api_keys: {} } },
        service_tier_settings: {},
        spend_alerts: { '{alert_id}': {} },
        spend_limit: {},
        users: { '{user_id}': {} },
      },
    },
    roles: { '{role_id}': {} },
    spend_alerts: { '{alert_id}': {} },
    spend_limit: {},
    usage: {
      audio_speeches: {},
      audio_transcriptions: {},
      code_interpreter_sessions: {},
      completions: {},
      decisions: {},
      embeddings: {},
      file_search_calls: {},
      images: {},
      moderations: {},
      vector_stores: {},
      web_search_calls: {},
    },
    users: { '{user_id}': { roles: { '{role_id}': {} } } },
    workload_identity_providers: {
      '{workload_identity_provider_id}': {
        federation_rules: { '{workload_identity_federation_rule_id}': {} },
      },
    },
  },
  projects: {
    '{project_id}': {
      groups: { '{group_id}': { roles: { '{role_id}': {} } } },
      roles: { '{role_id}': {} },
      users: { '{user_id}': { roles: { '{role_id}': {} } } },
    },
  },
};

export const FOLDED_ENDPOINTS: Readonly<Record<string, InvocationKind>> = {
  'GET /responses/{response_id}': 'response',
  'POST /responses/{response_id}/cancel': 'response',
  'POST /threads/runs': 'run',
  'POST /threads/{thread_id}/runs': 'run',
  'GET /threads/{thread_id}/runs/{run_id}': 'run',
  'POST /threads/{thread_id}/runs/{run_id}': 'run',
  'POST /threads/{thread_id}/runs/{run_id}/cancel': 'run',
  'POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs': 'run',
  'POST /agents/sessions': 'turn',
  'GET /agents/sessions/{session_id}': 'turn',
  'GET /agents/sessions/{session_id}/events': 'turn',
  'POST /agents/sessions/{session_id}/events': 'turn',
  'GET /agents/sessions/{session_id}/turns/{turn_id}': 'turn',
};
