/**
 * The error codes that are recorded as `error.type`. A server chooses the code and may put a key or a word of the prompt
 * there, so other codes are never recorded. To add a code, add it to a row of its source.
 */
const SOURCES: readonly string[] = [
  // OpenAI, requests
  'billing_hard_limit_reached billing_not_active context_length_exceeded content_policy_violation',
  'conversation_not_found deactivated_api_key duplicate_item_id empty_array empty_string integer_above_max_value',
  'integer_below_min_value decimal_above_max_value decimal_below_min_value array_above_max_length',
  'array_below_min_length string_above_max_length string_below_min_length object_above_max_properties',
  'conversation_already_exists conversation_locked credit_balance_exhausted expired_api_key flex_unavailable',
  'file_not_found idempotency_error incorrect_api_key incorrect_hostname insufficient_permissions insufficient_quota',
  'internal_error invalid_api_key invalid_api_version invalid_authentication invalid_base64 invalid_encrypted_content',
  'invalid_enum_value invalid_file invalid_file_format invalid_function_parameters invalid_id invalid_input invalid_json',
  'invalid_json_schema invalid_language_format invalid_model invalid_organization invalid_parameter invalid_payload',
  'invalid_project invalid_prompt invalid_request invalid_schema invalid_tool_call invalid_type invalid_union invalid_url',
  'invalid_value ip_not_authorized json_schema_violation length_exceeded max_tokens_exceeded method_not_allowed',
  'missing_authorization missing_model missing_required_field missing_required_parameter missing_scope',
  'model_deprecated model_error model_not_available model_not_found model_overloaded moderation_blocked',
  'must_be_verified must_be_verified_to_stream no_such_organization not_authorized not_found',
  'organization_deactivated organization_not_found organization_restricted organization_spend_limit_exceeded',
  'organization_usage_limit_exceeded overloaded permission_denied previous_response_not_found',
  'project_archived project_not_found project_spend_limit_exceeded prompt_not_found quota_exceeded',
  'rate_limit_exceeded requests_limit_exceeded request_timeout request_too_large',
  'resource_not_found response_already_completed response_not_found server_error server_overloaded',
  'service_unavailable slow_down string_too_long timeout tokens_exceeded_error tokens_limit_exceeded tool_choice_error',
  'tool_not_found tool_use_failed unauthorized unknown_parameter unknown_url unsupported_country_region_territory',
  'unsupported_file unsupported_format unsupported_language unsupported_model unsupported_parameter',
  'unsupported_value usage_limit_exceeded user_quota_exceeded',
  // OpenAI, kinds of errors
  'api_error api_connection_error authentication_error bad_request_error conflict_error engine_overloaded_error',
  'forbidden gateway_timeout image_generation_user_error invalid_request_error internal_server_error not_found_error',
  'overloaded_error permission_error rate_limit_error rate_limit_reached_error service_unavailable_error timeout_error',
  'transcription_error unprocessable_entity_error',
  // Responses and images
  'bio_policy cyber_policy data_residency_mismatch empty_image_file failed_to_download_image image_content_policy_violation',
  'image_file_not_found image_file_too_large image_parse_error image_too_large image_too_small invalid_base64_image',
  'invalid_image invalid_image_format invalid_image_mode invalid_image_url misalignment_policy_violation',
  'unsupported_image_media_type vector_store_timeout',
  // Agents API
  'active_turn_not_steerable connection_failed environment_failed executor_version_incompatible max_output_tokens',
  'sandbox_error session_budget_exceeded',
  // Tools and MCP servers
  'http_error mcp_approval_denied mcp_error mcp_protocol_error mcp_tool_execution_error protocol_error tool_error',
  'tool_execution_error tool_timeout',
  // Realtime, WebSockets
  'audio_unintelligible connection_closed conversation_already_has_active_response inference_rate_limit_exceeded input_audio_buffer_commit_empty',
  'invalid_event item_not_found session_expired unknown_event websocket_connection_limit_reached websocket_stream_limit_reached',
  // Batches, files, fine-tuning
  'batch_cancelled batch_expired duplicate_custom_id empty_file exceeded_quota file_too_large invalid_custom_id',
  'invalid_json_line invalid_method invalid_training_file mismatched_model missing_custom_id',
  'token_limit_exceeded too_many_tasks training_file_not_found',
  // OAuth and workload identity
  'access_denied invalid_client invalid_grant invalid_scope invalid_subject_token invalid_token unauthorized_client',
  'unsupported_grant_type',
  // Azure OpenAI
  'BadRequest Conflict ContentFilterBlocked DeploymentNotFound Forbidden InsufficientQuota InternalServerError',
  'InvalidApiVersionParameter InvalidRequest InvalidSubscriptionKey ModelNotFound NoCapacity NotFound',
  'OperationNotSupported PermissionDenied QuotaExceeded RateLimitReached RequestTimeout ResourceNotFound',
  'ResponsibleAIPolicyViolation ServiceUnavailable SpecialFeatureOrQuotaIdRequired SubscriptionNotFound',
  'Timeout TooManyRequests Unauthorized UnsupportedApiVersion content_filter',
  // Compatible servers
  'blocked_api_access insufficient_credits json_validate_failed model_decommissioned model_permission_blocked_org',
  'model_permission_blocked_project model_terms_required',
  // Node, connections
  'EACCES EADDRINUSE EADDRNOTAVAIL EAI_AGAIN EAI_FAIL EAI_MEMORY EAI_NODATA EAI_NONAME ECANCELED ECONNABORTED',
  'ECONNREFUSED ECONNRESET EHOSTDOWN EHOSTUNREACH EINTR EINVAL EMFILE ENETDOWN ENETRESET ENETUNREACH ENFILE ENOBUFS',
  'ENOTCONN ENOTFOUND EPERM EPIPE EPROTO ESOCKETTIMEDOUT ETIMEDOUT HPE_INVALID_CONSTANT HPE_INVALID_HEADER_TOKEN',
  'HPE_HEADER_OVERFLOW UND_ERR UND_ERR_ABORTED UND_ERR_BODY_TIMEOUT UND_ERR_CLOSED UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CONTENT_LENGTH_EXCEEDED UND_ERR_DESTROYED UND_ERR_HEADERS_OVERFLOW UND_ERR_HEADERS_TIMEOUT UND_ERR_INFO',
  'UND_ERR_INVALID_ARG UND_ERR_NOT_SUPPORTED UND_ERR_REQ_CONTENT_LENGTH_MISMATCH UND_ERR_REQ_RETRY UND_ERR_RESPONSE',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH UND_ERR_RES_EXCEEDED_MAX_SIZE UND_ERR_SOCKET',
  // Node, files and processes
  'EBADF EBUSY EEXIST EISDIR ELOOP ENAMETOOLONG ENOENT ENOEXEC ENOMEM ENOSPC ENOSYS ENOTDIR ENOTEMPTY ENOTSUP EROFS',
  'ESRCH EXDEV',
  // Node, certificates
  'CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_REJECTED CERT_REVOKED CERT_SIGNATURE_FAILURE CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT ERR_SSL_WRONG_VERSION_NUMBER ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_HANDSHAKE_TIMEOUT',
  'HOSTNAME_MISMATCH INVALID_CA SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  // Node, its own errors
  'ABORT_ERR ERR_ASSERTION ERR_BUFFER_OUT_OF_BOUNDS ERR_HTTP_HEADERS_SENT ERR_HTTP2_STREAM_ERROR ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE ERR_INVALID_CHAR ERR_INVALID_PROTOCOL ERR_INVALID_RETURN_VALUE ERR_INVALID_STATE',
  'ERR_INVALID_URL ERR_MODULE_NOT_FOUND ERR_OUT_OF_RANGE ERR_SOCKET_CLOSED ERR_SOCKET_CONNECTION_TIMEOUT',
  'ERR_STREAM_DESTROYED ERR_STREAM_PREMATURE_CLOSE ERR_STREAM_WRITE_AFTER_END ERR_STRING_TOO_LONG',
  'ERR_UNESCAPED_CHARACTERS MODULE_NOT_FOUND',
];

const CODES: ReadonlySet<string> = new Set(SOURCES.flatMap((codes) => codes.split(' ')));

/** The names of the platform's exceptions, which share one class. A program may give its own exceptions any name. */
const DOM_EXCEPTIONS: ReadonlySet<string> = new Set(
  [
    'AbortError ConstraintError DataCloneError DataError EncodingError InvalidAccessError InvalidCharacterError',
    'InvalidStateError NetworkError NotAllowedError NotFoundError NotReadableError NotSupportedError OperationError',
    'QuotaExceededError SecurityError SyntaxError TimeoutError UnknownError',
  ].flatMap((names) => names.split(' ')),
);

/** A listed code, or an HTTP status as Azure sends it: `429`. */
export function knownCode(code: unknown): string | undefined {
  return typeof code === 'string' && (CODES.has(code) || /^[45]\d\d$/.test(code)) ? code : undefined;
}

export function knownExceptionName(name: unknown): string | undefined {
  return typeof name === 'string' && DOM_EXCEPTIONS.has(name) ? name : undefined;
}
